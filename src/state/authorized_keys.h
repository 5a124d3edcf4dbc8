// The lines of an authorized_keys file, and changing them.
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

// Whether each may stand in the file as one line that is not a comment; nothing more is known of
// keys. Fails with qemu-ga's message for the first that may not.
Result<void> check_keys(Keys keys);

// The keys in a file, without the space around them, comments and empty lines; the last comes
// first, as from qemu-ga.
std::vector<std::string> listed_keys(std::string_view content);

// The content with those keys at its end that are not yet lines of it. Its lines stay as they are,
// and as with qemu-ga the last line has no line feed: after one that has there will be an empty
// line.
std::string with_keys(std::string_view content, Keys keys);

// The content without the lines that are exactly one of the keys.
std::string without_keys(std::string_view content, Keys keys);

// Whether an error of reading says that the file or the directory it should be in does not exist.
bool is_absence(const Error& error);

// Reads the file, lets `change` make new content of the old, and puts it in the old one's place.
// When something else has changed the file meanwhile, does all again. A file that does not exist
// counts as empty when `create`, else there is nothing to change.
Result<void> update(const platform::AuthorizedKeysFile& file, bool create,
                    const std::function<std::string(std::string_view)>& change);

}  // namespace bellhop::state
