#include "state/freeze_hook.h"

#include <algorithm>
#include <array>
#include <condition_variable>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <system_error>
#include <utility>
#include <vector>

#include "platform/end_process.h"

namespace bellhop::state {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t most_output = std::size_t{64} * 1024;

// How long to wait for the rest of the output of a hook that has ended: its children may keep the
// pipe open for ever.
constexpr auto output_grace = 200ms;

// How long to wait for a killed hook to end: one that waits for a frozen filesystem does not.
constexpr auto kill_grace = 200ms;

// Collects what a hook writes and how it ends.
class HookRun final : public platform::ProcessObserver {
 public:
  void has_written(platform::OutputStream, std::span<const std::byte> bytes) override {
    const std::lock_guard lock(mutex_);
    const std::size_t room = most_output - output_.size();
    output_.append(reinterpret_cast<const char*>(bytes.data()), std::min(room, bytes.size()));
  }

  void has_closed(platform::OutputStream) override {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    changed_.notify_all();
  }

  void has_ended(platform::ProcessEnd end) override {
    const std::lock_guard lock(mutex_);
    end_ = end;
    changed_.notify_all();
  }

  // How the hook ended; nothing when `limit` passed or `stop` came before, and it was killed.
  std::optional<platform::ProcessEnd> wait(std::int64_t process, std::chrono::milliseconds limit,
                                           const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    if (changed_.wait_for(lock, stop, limit, [this] { return end_.has_value(); })) return end_;
    // The number is the hook's, or was a moment ago: it is not given to another that soon.
    platform::end_process(process);
    changed_.wait_for(lock, kill_grace, [this] { return end_.has_value(); });
    return std::nullopt;
  }

  // What the hook wrote, as text: up to the first zero byte.
  std::string output() {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, output_grace, [this] { return closed_; });
    return output_.substr(0, output_.find('\0'));
  }

 private:
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::string output_;
  bool closed_ = false;
  std::optional<platform::ProcessEnd> end_;
};

// A program to run, and how messages refer to it: qemu-ga's do not name it.
struct HookProgram {
  std::string path;
  std::string label = {};  // "'/x': "
};

std::unexpected<Error> cannot_execute(const HookProgram& program, std::string_view reason) {
  return failure("child process has failed to execute fsfreeze hook: {}{}", program.label, reason);
}

std::unexpected<Error> killed(const HookProgram& program, std::string_view action, std::errc why,
                              std::string_view reason) {
  auto error = cannot_execute(program, fmt::format("'{}' {}", action, reason));
  error.error().system = std::make_error_code(why);
  return error;
}

bool was_killed(const Error& error) {
  return error.system == std::errc::timed_out || error.system == std::errc::operation_canceled;
}

Result<void> judge(const HookProgram& program, const platform::ProcessEnd& end, HookRun& run) {
  if (end.exit_code == 0) return {};
  const std::string output = run.output();
  if (!end.exit_code) {
    return failure("{}child process has terminated abnormally{}{}", program.label,
                   output.empty() ? "" : ": ", output);
  }
  return cannot_execute(program,
                        output.empty() ? fmt::format("exit status {}", *end.exit_code) : output);
}

Result<void> run_program(platform::Processes& processes, const HookProgram& program,
                         std::chrono::milliseconds limit, std::string_view action,
                         const std::stop_token& stop) {
  const auto run = std::make_shared<HookRun>();
  const auto process = processes.start({.path = program.path,
                                        .arguments = {std::string(action)},
                                        .out = platform::Output::capture,
                                        .err = platform::Output::with_out},
                                       run);
  if (!process) {
    const auto& error = process.error();
    // qemu-ga's child says it, and its message ends with a line feed.
    if (error.system) {
      return cannot_execute(
          program, fmt::format("failed to exec '{}': {}\n", program.path, error.system.message()));
    }
    return cannot_execute(program, error.message);
  }
  const auto end = run->wait(*process, limit, stop);
  if (end) return judge(program, *end, *run);
  if (stop.stop_requested()) {
    return killed(program, action, std::errc::operation_canceled,
                  "was killed: it is not wanted any more");
  }
  return killed(program, action, std::errc::timed_out,
                fmt::format("did not end within {} s and was killed",
                            std::chrono::duration<double>(limit).count()));
}

// Whether a file is a copy that an editor or a package manager left there.
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

Result<std::vector<HookProgram>> programs_in(const std::string& directory) {
  namespace fs = std::filesystem;
  std::vector<HookProgram> programs;
  if (directory.empty()) return programs;
  std::error_code error;
  for (fs::directory_iterator at(directory, error), end; !error && at != end; at.increment(error)) {
    const fs::path& path = at->path();
    if (is_leftover(path.filename().string()) || !is_executable(path)) continue;
    programs.push_back({.path = path, .label = fmt::format("'{}': ", path.string())});
  }
  if (error && error != std::errc::no_such_file_or_directory) {
    return system_failure(error.value(), "cannot read the freeze hooks in '{}'", directory);
  }
  std::ranges::sort(programs, {}, &HookProgram::path);
  return programs;
}

// All programs that the administrator wants to be run around a freeze.
class Hooks {
 public:
  Hooks(platform::Processes& processes, HookOptions options)
      : processes_(processes), options_(std::move(options)) {}

  Result<void> run(std::string_view action, const std::stop_token& stop) const {
    auto programs = list();
    if (!programs) return std::unexpected(std::move(programs).error());
    return action == "thaw" ? thaw(*programs, stop) : freeze(*programs, stop);
  }

 private:
  Result<std::vector<HookProgram>> list() const {
    auto programs = programs_in(options_.directory);
    if (programs && options_.program) {
      programs->insert(programs->begin(), {.path = *options_.program});
    }
    return programs;
  }

  Result<void> freeze(std::span<const HookProgram> programs, const std::stop_token& stop) const {
    for (std::size_t i = 0; i < programs.size(); ++i) {
      auto result = run_program(processes_, programs[i], options_.limit, "freeze", stop);
      if (result) continue;
      // A program that failed by itself has cleaned up or does not want to; a killed one could not.
      const std::size_t count = was_killed(result.error()) ? i + 1 : i;
      if (auto undone = thaw(programs.first(count), {}); !undone) {
        result.error().message += "; " + undone.error().message;
      }
      return result;
    }
    return {};
  }

  // Goes on after an error and returns the first.
  Result<void> thaw(std::span<const HookProgram> programs, const std::stop_token& stop) const {
    Result<void> first;
    for (std::size_t i = programs.size(); i-- > 0;) {
      auto result = run_program(processes_, programs[i], options_.limit, "thaw", stop);
      if (!result && first) first = std::move(result);
    }
    return first;
  }

  platform::Processes& processes_;
  const HookOptions options_;
};

}  // namespace

FreezeHook freeze_hooks(platform::Processes& processes, HookOptions options) {
  const auto hooks = std::make_shared<Hooks>(processes, std::move(options));
  return [hooks](std::string_view action, const std::stop_token& stop) {
    return hooks->run(action, stop);
  };
}

}  // namespace bellhop::state
