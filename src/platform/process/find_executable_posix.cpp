// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>

#include "base/text.h"
#include "platform/process/find_executable.h"

namespace bellhop::platform {
namespace {

bool is_executable(const std::string& path) {
  struct stat status{};
  return ::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode) &&
         ::access(path.c_str(), X_OK) == 0;
}

}  // namespace

std::vector<std::string> program_candidates(std::string_view name, std::string_view search_path) {
  if (name.empty() || name.contains('/')) return {std::string(name)};
  std::vector<std::string> candidates;
  for (const std::string_view directory : text::split(search_path, ':')) {
    candidates.push_back(directory.empty() ? std::string(name)
                                           : fmt::format("{}/{}", directory, name));
  }
  return candidates;
}

std::optional<std::string> find_executable(std::string_view name, std::string_view search_path) {
  for (std::string& candidate : program_candidates(name, search_path)) {
    if (is_executable(candidate)) return std::move(candidate);
  }
  return std::nullopt;
}

std::string system_search_path(const std::filesystem::path& root) {
  return fmt::format("{}:{}:{}:{}", (root / "sbin").native(), (root / "usr/sbin").native(),
                     (root / "bin").native(), (root / "usr/bin").native());
}

std::optional<std::string> find_program(std::string_view name) {
  std::string search_path = system_search_path("/");
  if (const char* path = std::getenv("PATH"); path && *path != '\0') {
    search_path += fmt::format(":{}", path);
  }
  return find_executable(name, search_path);
}

}  // namespace bellhop::platform
