// The system's program that sets passwords.
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

// chpasswd(8), from the directories in `search_path` (the agent's PATH; only full paths in it
// count), else from where programs for root are under `system_root`; else BusyBox, which can have
// it within. `crypted`: for passwords as they stand in shadow(5). When there is neither, the path
// is "chpasswd", which cannot be started then.
Result<PasswordProgram> password_program(bool crypted, std::string_view search_path,
                                         const std::filesystem::path& system_root);

}  // namespace bellhop::platform
