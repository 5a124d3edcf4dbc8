#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "platform/accounts/password_program.h"

namespace bellhop::platform {
namespace {

std::vector<std::filesystem::path> directories(std::string_view search_path,
                                               const std::filesystem::path& root) {
  std::vector<std::filesystem::path> all;
  for (std::size_t begin = 0; begin <= search_path.size();) {
    const std::size_t end = std::min(search_path.find(':', begin), search_path.size());
    const std::string_view directory = search_path.substr(begin, end - begin);
    if (directory.starts_with('/')) all.emplace_back(directory);
    begin = end + 1;
  }
  for (const char* usual : {"usr/sbin", "sbin", "usr/bin", "bin"}) all.push_back(root / usual);
  return all;
}

std::optional<std::string> find_program(const std::vector<std::filesystem::path>& in,
                                        const char* name) {
  for (const auto& directory : in) {
    std::string path = (directory / name).string();
    struct stat status{};
    const bool is_file = ::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode);
    if (is_file && ::access(path.c_str(), X_OK) == 0) return path;
  }
  return std::nullopt;
}

}  // namespace

Result<PasswordProgram> password_program(bool crypted, std::string_view search_path,
                                         const std::filesystem::path& system_root) {
  const auto in = directories(search_path, system_root);
  PasswordProgram program{.path = "chpasswd", .arguments = {}};
  if (auto chpasswd = find_program(in, "chpasswd")) {
    program.path = *std::move(chpasswd);
  } else if (auto busybox = find_program(in, "busybox")) {
    program = {.path = *std::move(busybox), .arguments = {"chpasswd"}};
    // Its own choice of a hash can be the oldest, which looks at 8 characters only.
    if (!crypted) program.arguments.insert(program.arguments.end(), {"-c", "sha512"});
  }
  if (crypted) program.arguments.emplace_back("-e");
  return program;
}

}  // namespace bellhop::platform
