// SPDX-License-Identifier: Apache-2.0
#include "state/freeze/freeze_hook.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <memory>
#include <ranges>
#include <span>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "base/mutex.h"
#include "base/path.h"
#include "platform/io/trusted_path.h"
#include "platform/process/find_executable.h"
#include "platform/process/threads.h"
#include "state/program_run.h"

namespace bellhop::state {
namespace {

// A program to run, and its label in messages. qemu-ga's messages do not name its hook, so that one
// has no label.
struct HookProgram {
  std::string path;
  std::string label = {};  // "'/x': "
};

// Whether a file is hidden or a copy that an editor or a package manager left.
bool is_leftover(std::string_view name) {
  static constexpr auto endings = std::to_array<std::string_view>(
      {"~", ".bak", ".orig", ".rpmnew", ".rpmorig", ".rpmsave", ".sample", ".swp"});
  return name.starts_with('.') || name.find(".dpkg-") != name.npos ||
         std::ranges::any_of(endings, [&](std::string_view end) { return name.ends_with(end); });
}

// As for the start of a process.
constexpr const char* default_search_path = "/bin:/usr/bin:.";

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

// Runs hooks, one call after the other.
class Hooks : public std::enable_shared_from_this<Hooks> {
 public:
  Hooks(platform::Processes& processes, HookOptions options)
      : processes_(processes), options_(std::move(options)) {}

  Result<void> call(std::string_view action, const std::stop_token& stop);
  // Starts no thread any more, and waits for the one that is running.
  void end();

 private:
  Result<void> run(const HookProgram& program, std::string_view action, const std::stop_token& stop,
                   std::function<void()> on_late_close = {});
  Result<void> thaw(std::span<const HookProgram> programs, const std::stop_token& stop);
  Result<void> freeze(std::span<const HookProgram> programs, const std::stop_token& stop);
  void begin_turn();
  void end_turn(bool frozen);
  void add_late_thaw(const HookProgram& program);
  void start_late_thaws() REQUIRES(mutex_);
  void run_late_thaws();

  platform::Processes& processes_;
  const HookOptions options_;
  Mutex mutex_;
  ConditionVariable changed_;
  bool busy_ GUARDED_BY(mutex_) = false;    // hooks are running
  bool frozen_ GUARDED_BY(mutex_) = false;  // the last call was a freeze that succeeded
  bool ended_ GUARDED_BY(mutex_) = false;
  std::vector<HookProgram> late_thaws_ GUARDED_BY(mutex_);
  bool has_thread_ GUARDED_BY(mutex_) = false;
  std::jthread thread_;  // changed with the lock held, until `ended_`
};

Result<void> Hooks::call(std::string_view action, const std::stop_token& stop) {
  begin_turn();
  const bool freezes = action == "freeze";
  const auto programs = list(options_);
  Result<void> result;
  if (!programs) {
    result = std::unexpected(programs.error());
  } else {
    result = freezes ? freeze(*programs, stop) : thaw(*programs, stop);
  }
  end_turn(freezes && result);
  return result;
}

void Hooks::begin_turn() {
  const MutexLock lock(mutex_);
  changed_.wait(mutex_, [this]() REQUIRES(mutex_) { return !busy_; });
  busy_ = true;
}

void Hooks::end_turn(bool frozen) {
  const MutexLock lock(mutex_);
  busy_ = false;
  frozen_ = frozen;
  changed_.notify_all();
  start_late_thaws();
}

Result<void> Hooks::run(const HookProgram& program, std::string_view action,
                        const std::stop_token& stop, std::function<void()> on_late_close) {
  const ProgramPurpose purpose{
      .purpose = "execute fsfreeze hook", .label = program.label, .name = action};
  const char* search_path = std::getenv("PATH");
  const auto found =
      platform::find_executable(program.path, search_path ? search_path : default_search_path);
  if (const auto trusted = platform::trusted_path(found.value_or(program.path)); !trusted) {
    return cannot_run(purpose, program.path, trusted.error());
  }
  return run_to_end(
      processes_, {.path = program.path, .arguments = {std::string(action)}}, purpose,
      {.time = options_.timeout, .stop = stop, .on_late_close = std::move(on_late_close)});
}

// Continues after an error and returns the first one.
Result<void> Hooks::thaw(std::span<const HookProgram> programs, const std::stop_token& stop) {
  Result<void> first;
  for (const HookProgram& program : std::views::reverse(programs)) {
    auto result = run(program, "thaw", stop);
    if (!result && first) first = std::move(result);
  }
  return first;
}

Result<void> Hooks::freeze(std::span<const HookProgram> programs, const std::stop_token& stop) {
  for (std::size_t i = 0; i < programs.size(); ++i) {
    auto result =
        run(programs[i], "freeze", stop, [self = weak_from_this(), program = programs[i]] {
          if (const auto hooks = self.lock()) hooks->add_late_thaw(program);
        });
    if (result) continue;
    // A program that failed was able to clean up; a killed one was not.
    const std::size_t count = was_killed(result.error()) ? i + 1 : i;
    if (auto undone = thaw(programs.first(count), {}); !undone) {
      result.error().message += "; " + undone.error().message;
    }
    return result;
  }
  return {};
}

// A process that could not be killed may have prepared an application for the freeze after the
// "thaw" that followed the kill.
void Hooks::add_late_thaw(const HookProgram& program) {
  const MutexLock lock(mutex_);
  late_thaws_.push_back(program);
  start_late_thaws();
}

// During a freeze, its "thaw" will come.
void Hooks::start_late_thaws() {
  if (late_thaws_.empty() || busy_ || frozen_ || ended_ || has_thread_) return;
  auto thread = platform::start_thread("bellhop-hook", [this] { run_late_thaws(); });
  if (!thread) return options_.warn(thread.error().message);  // the next call tries again
  thread_ = *std::move(thread);
  has_thread_ = true;
}

void Hooks::run_late_thaws() {
  MutexLock lock(mutex_);
  while (!late_thaws_.empty() && !busy_ && !frozen_ && !ended_) {
    const HookProgram program = std::move(late_thaws_.back());
    late_thaws_.pop_back();
    busy_ = true;
    lock.unlock();
    options_.warn(fmt::format(
        "processes of the killed freeze hook '{}' have ended: it runs with 'thaw' once more",
        program.path));
    if (const auto run_again = run(program, "thaw", {}); !run_again) {
      options_.warn(run_again.error().message);
    }
    lock.lock();
    busy_ = false;
    changed_.notify_all();
  }
  has_thread_ = false;
}

void Hooks::end() {
  {
    const MutexLock lock(mutex_);
    ended_ = true;
  }
  if (thread_.joinable()) thread_.join();
}

// Processes holds the hooks for a moment longer, when it reports a process that could not be
// killed.
struct HooksOwner {
  std::shared_ptr<Hooks> hooks;

  explicit HooksOwner(std::shared_ptr<Hooks> owned) : hooks(std::move(owned)) {}
  ~HooksOwner() { hooks->end(); }
  HooksOwner(const HooksOwner&) = delete;
  HooksOwner& operator=(const HooksOwner&) = delete;
};

}  // namespace

FreezeHook freeze_hooks(platform::Processes& processes, HookOptions options) {
  const auto owner =
      std::make_shared<HooksOwner>(std::make_shared<Hooks>(processes, std::move(options)));
  return [owner](std::string_view action, const std::stop_token& stop) {
    return owner->hooks->call(action, stop);
  };
}

}  // namespace bellhop::state
