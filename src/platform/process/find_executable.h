// SPDX-License-Identifier: Apache-2.0
// Finds a program's executable file.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bellhop::platform {

// The paths to try for a program, in order: `name` itself when it contains a slash, else `name` in
// each directory of `search_path` ("/sbin:/bin"). An empty entry means the current directory.
std::vector<std::string> program_candidates(std::string_view name, std::string_view search_path);

// The first of these paths that is a regular file and that this process may execute.
std::optional<std::string> find_executable(std::string_view name, std::string_view search_path);

// The search path of the operating system below `root`: sbin, usr/sbin, bin, usr/bin.
std::string system_search_path(const std::filesystem::path& root);

// Searches system_search_path("/"), then PATH. The agent may run without PATH, or with one that
// lacks the sbin directories.
std::optional<std::string> find_program(std::string_view name);

}  // namespace bellhop::platform
