// SPDX-License-Identifier: Apache-2.0
// Reads and changes the lines of an authorized_keys file.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "platform/accounts/authorized_keys_file.h"

namespace bellhop::state {

using Keys = std::span<const std::string_view>;

// Checks that each key is one line and not a comment; the key itself is not validated. Fails with
// qemu-ga's message for the first invalid key.
Result<void> check_keys(Keys keys);

// The keys in a file, without surrounding space, comments and empty lines. The last key comes
// first, as in qemu-ga.
std::vector<std::string> listed_keys(std::string_view content);

// Appends the keys that are not yet lines of the content. Existing lines stay as they are. As in
// qemu-ga, the result has no line feed at its end; if the content ends with one, an empty line
// precedes the new keys.
std::string with_keys(std::string_view content, Keys keys);

// The content without the lines that are exactly one of the keys.
std::string without_keys(std::string_view content, Keys keys);

// Reads the file, passes its content to `change` and replaces the file by the result. Starts again
// if another program has changed the file in the meantime. A file that does not exist counts as
// empty with `create`; otherwise nothing is changed.
Result<void> update(const platform::AuthorizedKeysFile& file, bool create,
                    const std::function<std::string(std::string_view)>& change);

}  // namespace bellhop::state
