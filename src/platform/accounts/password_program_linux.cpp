// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "base/text.h"
#include "platform/accounts/password_program.h"
#include "platform/process/find_executable.h"

namespace bellhop::platform {
namespace {

// The full paths in `search_path`, then the directories of root's programs.
std::string directories(std::string_view search_path, const std::filesystem::path& root) {
  std::string all;
  for (const std::string_view directory : text::split(search_path, ':')) {
    if (directory.starts_with('/')) all += fmt::format("{}:", directory);
  }
  return all + system_search_path(root);
}

}  // namespace

Result<PasswordProgram> password_program(bool crypted, std::string_view search_path,
                                         const std::filesystem::path& system_root) {
  const auto in = directories(search_path, system_root);
  PasswordProgram program{.path = "chpasswd", .arguments = {}};
  if (auto chpasswd = find_executable("chpasswd", in)) {
    program.path = *std::move(chpasswd);
  } else if (auto busybox = find_executable("busybox", in)) {
    program = {.path = *std::move(busybox), .arguments = {"chpasswd"}};
    // BusyBox may default to the oldest hash, which uses only the first 8 characters.
    if (!crypted) program.arguments.insert(program.arguments.end(), {"-c", "sha512"});
  }
  if (crypted) program.arguments.emplace_back("-e");
  return program;
}

}  // namespace bellhop::platform
