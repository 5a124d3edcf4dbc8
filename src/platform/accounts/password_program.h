// SPDX-License-Identifier: Apache-2.0
// Finds the program that sets passwords.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace bellhop::platform {

// A program that reads "USER:PASSWORD\n" from its standard input.
struct PasswordProgram {
  std::string path;
  std::vector<std::string> arguments;
};

// chpasswd(8), else BusyBox, which can contain it. Searches the full paths in `search_path` (the
// agent's PATH), then the directories of root's programs under `system_root`. With `crypted`, the
// passwords are hashes as in shadow(5). If neither program is found, the path is "chpasswd", which
// then fails to start.
Result<PasswordProgram> password_program(bool crypted, std::string_view search_path,
                                         const std::filesystem::path& system_root);

}  // namespace bellhop::platform
