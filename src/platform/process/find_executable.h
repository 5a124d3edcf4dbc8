// Where a program is.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bellhop::platform {

// The paths to try, in order, for a program: `name` itself when it has a slash, else one in each
// directory of `search_path` ("/sbin:/bin"), where an empty directory is the current one.
std::vector<std::string> program_candidates(std::string_view name, std::string_view search_path);

// The first of these that is a regular file which this process may execute.
std::optional<std::string> find_executable(std::string_view name, std::string_view search_path);

// The search path of the operating system beneath `root`: sbin, usr/sbin, bin, usr/bin.
std::string system_search_path(const std::filesystem::path& root);

// A program of this machine: in system_search_path("/"), else in PATH. An agent may run without
// PATH, or with one that lacks the directories of administration.
std::optional<std::string> find_program(std::string_view name);

}  // namespace bellhop::platform
