// SPDX-License-Identifier: Apache-2.0
// Files that are read and replaced as a whole.
#pragma once

#include <cstddef>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"

namespace bellhop::platform {

// Reads up to `limit` bytes of a file of any type. Errors: `cannot read /x: …`.
Result<std::string> read_file(const std::string& path,
                              std::size_t limit = std::numeric_limits<std::size_t>::max());

// Reads a whole file; nullopt when it does not exist. Fails when it is not a regular file or is
// larger than 64 KiB. Errors: `cannot read /x: …`.
Result<std::optional<std::string>> read_small_file(const std::string& path);

// The same for a file of the agent's own: a symbolic link in its place is an error too.
Result<std::optional<std::string>> read_state_file(const std::string& path);

// Replaces the content of a file atomically, or creates the file: after a crash it has either the
// old content or the new. On return the new content is on disk. Keeps the permissions of the old
// file; replaces a symbolic link itself. Blocks for as long as the disk does. Two calls for the
// same file must not overlap. Errors: `cannot write /x: …`.
Result<void> replace_small_file(const std::string& path, std::string_view content);

}  // namespace bellhop::platform
