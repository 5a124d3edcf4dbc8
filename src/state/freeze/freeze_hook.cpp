// SPDX-License-Identifier: Apache-2.0
#include "state/freeze/freeze_hook.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <functional>
#include <ranges>
#include <span>
#include <system_error>
#include <utility>
#include <vector>

#include "base/path.h"
#include "state/program_run.h"

namespace bellhop::state {
namespace {

// A program to run, and its label in messages. qemu-ga's messages do not name its hook, so that one
// has no label.
struct HookProgram {
  std::string path;
  std::string label = {};  // "'/x': "
};

bool was_killed(const Error& error) {
  return error.system == std::errc::timed_out || error.system == std::errc::operation_canceled;
}

// Whether a file is hidden or a copy that an editor or a package manager left.
bool is_leftover(std::string_view name) {
  static constexpr auto endings = std::to_array<std::string_view>(
      {"~", ".bak", ".orig", ".rpmnew", ".rpmorig", ".rpmsave", ".sample", ".swp"});
  return name.starts_with('.') || name.find(".dpkg-") != name.npos ||
         std::ranges::any_of(endings, [&](std::string_view end) { return name.ends_with(end); });
}

bool is_executable(const std::filesystem::path& path) {
  using std::filesystem::perms;
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  constexpr auto any = perms::owner_exec | perms::group_exec | perms::others_exec;
  return std::filesystem::is_regular_file(status) && (status.permissions() & any) != perms::none;
}

// The programs in the order of a freeze.
Result<std::vector<HookProgram>> list(const HookOptions& options) {
  namespace fs = std::filesystem;
  std::vector<HookProgram> programs;
  std::error_code error;
  for (fs::directory_iterator at(path_from_utf8(options.directory), error), end;
       !error && at != end; at.increment(error)) {
    const fs::path& path = at->path();
    if (is_leftover(to_utf8(path.filename())) || !is_executable(path)) continue;
    programs.push_back({.path = to_utf8(path), .label = fmt::format("'{}': ", to_utf8(path))});
  }
  if (error && error != std::errc::no_such_file_or_directory) {
    return system_failure(error, "cannot read the freeze hooks in '{}'", options.directory);
  }
  std::ranges::sort(programs, {}, &HookProgram::path);
  if (options.program) programs.insert(programs.begin(), {.path = *options.program});
  return programs;
}

using RunProgram = std::function<Result<void>(const HookProgram&, std::string_view action,
                                              const std::stop_token&)>;

// Continues after an error and returns the first one.
Result<void> thaw(const RunProgram& run, std::span<const HookProgram> programs,
                  const std::stop_token& stop) {
  Result<void> first;
  for (const HookProgram& program : std::views::reverse(programs)) {
    auto result = run(program, "thaw", stop);
    if (!result && first) first = std::move(result);
  }
  return first;
}

Result<void> freeze(const RunProgram& run, std::span<const HookProgram> programs,
                    const std::stop_token& stop) {
  for (std::size_t i = 0; i < programs.size(); ++i) {
    auto result = run(programs[i], "freeze", stop);
    if (result) continue;
    // A program that failed was able to clean up; a killed one was not.
    const std::size_t count = was_killed(result.error()) ? i + 1 : i;
    if (auto undone = thaw(run, programs.first(count), {}); !undone) {
      result.error().message += "; " + undone.error().message;
    }
    return result;
  }
  return {};
}

}  // namespace

FreezeHook freeze_hooks(platform::Processes& processes, HookOptions options) {
  const RunProgram run = [&processes, timeout = options.timeout](auto& program, auto action,
                                                                 auto& stop) {
    return run_to_end(processes, {.path = program.path, .arguments = {std::string(action)}},
                      {.purpose = "execute fsfreeze hook", .label = program.label, .name = action},
                      {.time = timeout, .stop = stop});
  };
  return [run, options = std::move(options)](std::string_view action,
                                             const std::stop_token& stop) -> Result<void> {
    TRY_ASSIGN(const auto programs, list(options));
    return action == "thaw" ? thaw(run, programs, stop) : freeze(run, programs, stop);
  };
}

}  // namespace bellhop::state
