#include "state/freeze_hook.h"

#include <algorithm>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <utility>

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

std::unexpected<Error> cannot_execute(std::string_view reason) {
  return failure("child process has failed to execute fsfreeze hook: {}", reason);
}

std::unexpected<Error> killed(std::string_view action, std::errc why, std::string_view reason) {
  auto error = cannot_execute(fmt::format("'{}' {}", action, reason));
  error.error().system = std::make_error_code(why);
  return error;
}

Result<void> judge(const platform::ProcessEnd& end, HookRun& run) {
  if (end.exit_code == 0) return {};
  const std::string output = run.output();
  if (!end.exit_code) {
    return failure("child process has terminated abnormally{}{}", output.empty() ? "" : ": ",
                   output);
  }
  return cannot_execute(output.empty() ? fmt::format("exit status {}", *end.exit_code) : output);
}

Result<void> run_program(platform::Processes& processes, const std::string& path,
                         std::chrono::milliseconds limit, std::string_view action,
                         const std::stop_token& stop) {
  const auto run = std::make_shared<HookRun>();
  const auto process = processes.start({.path = path,
                                        .arguments = {std::string(action)},
                                        .out = platform::Output::capture,
                                        .err = platform::Output::with_out},
                                       run);
  if (!process) {
    const auto& error = process.error();
    // qemu-ga's child says it, and its message ends with a line feed.
    if (error.system) {
      return cannot_execute(fmt::format("failed to exec '{}': {}\n", path, error.system.message()));
    }
    return cannot_execute(error.message);
  }
  const auto end = run->wait(*process, limit, stop);
  if (end) return judge(*end, *run);
  if (stop.stop_requested()) {
    return killed(action, std::errc::operation_canceled, "was killed: it is not wanted any more");
  }
  return killed(action, std::errc::timed_out,
                fmt::format("did not end within {} s and was killed",
                            std::chrono::duration<double>(limit).count()));
}

}  // namespace

FreezeHook program_hook(platform::Processes& processes, std::string path,
                        std::chrono::milliseconds limit) {
  return [&processes, path = std::move(path), limit](std::string_view action,
                                                     const std::stop_token& stop) {
    return run_program(processes, path, limit, action, stop);
  };
}

}  // namespace bellhop::state
