// SPDX-License-Identifier: Apache-2.0
// Files that only root can change or replace.
#pragma once

#include <string>

#include "base/error.h"

namespace bellhop::platform {

// Returns the absolute path of a file, without symbolic links, if only root and the agent's user
// can change or replace the file: it, the directories and the links on its path belong to one of
// them, and group and others cannot write to them, except to directories in which only the owner of
// a file can replace it (sticky ones). Errors: the first step that violates this, with its owner,
// its mode and the command that corrects it; or, with `system`, a file that does not exist or
// cannot be reached. Checks nothing on systems without owners and modes.
Result<std::string> trusted_path(const std::string& path);

}  // namespace bellhop::platform
