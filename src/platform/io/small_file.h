// The agent's own small files: read and replaced as a whole.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"

namespace bellhop::platform {

// The content of a file, nothing when there is none. Refuses what is not a regular file and what is
// larger than 64 KiB. Errors: `cannot read /x: …`.
Result<std::optional<std::string>> read_small_file(const std::string& path);

// Gives a file new content, or creates it: whatever happens meanwhile, the file has the old content
// or the new, and on return it is on disk. Keeps the permissions of the old file; a symbolic link
// is replaced. May block for as long as the disk does. Two callers must not replace the same file
// at once. Errors: `cannot write /x: …`.
Result<void> replace_small_file(const std::string& path, std::string_view content);

}  // namespace bellhop::platform
