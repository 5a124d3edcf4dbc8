// SPDX-License-Identifier: Apache-2.0
#include "platform/process/find_executable.h"

namespace bellhop::platform {

std::vector<std::string> program_candidates(std::string_view name, std::string_view) {
  return {std::string(name)};
}

std::optional<std::string> find_executable(std::string_view, std::string_view) {
  return std::nullopt;
}

std::string system_search_path(const std::filesystem::path&) {
  return {};
}

std::optional<std::string> find_program(std::string_view) {
  return std::nullopt;
}

}  // namespace bellhop::platform
