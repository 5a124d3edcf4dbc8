#include "state/program_run.h"

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

// How long to wait for the rest of the output of a program that has ended: its children may keep
// the pipe open for ever.
constexpr auto output_grace = 200ms;

// How long to wait for a killed program to end.
constexpr auto kill_grace = 200ms;

// Collects what a program writes and how it ends.
class ProgramRun final : public platform::ProcessObserver {
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

  // How the program ended; nothing when `limit` passed before, and it was killed.
  std::optional<platform::ProcessEnd> wait(std::int64_t process, std::chrono::milliseconds limit) {
    std::unique_lock lock(mutex_);
    if (changed_.wait_for(lock, limit, [this] { return end_.has_value(); })) return end_;
    // The number is the program's, or was a moment ago: it is not given to another that soon.
    platform::end_process(process);
    changed_.wait_for(lock, kill_grace, [this] { return end_.has_value(); });
    return std::nullopt;
  }

  // What the program wrote, as text: up to the first zero byte.
  std::string output() {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, output_grace, [this] { return closed_; });
    return output_.substr(0, output_.find('\0'));
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::string output_;
  bool closed_ = false;
  std::optional<platform::ProcessEnd> end_;
};

std::unexpected<Error> cannot(std::string_view purpose, std::string_view reason) {
  return failure("child process has failed to {}: {}", purpose, reason);
}

Result<void> judge(const platform::ProcessEnd& end, ProgramRun& run, std::string_view purpose) {
  if (end.exit_code == 0) return {};
  const std::string output = run.output();
  if (!end.exit_code) {
    return failure("child process has terminated abnormally{}{}", output.empty() ? "" : ": ",
                   output);
  }
  return cannot(purpose, output.empty() ? fmt::format("exit status {}", *end.exit_code) : output);
}

}  // namespace

Result<void> run_to_end(platform::Processes& processes, platform::ProcessRequest request,
                        std::string_view purpose, std::chrono::milliseconds limit) {
  const auto run = std::make_shared<ProgramRun>();
  const std::string path = request.path;
  request.out = platform::Output::capture;
  request.err = platform::Output::with_out;
  const auto process = processes.start(std::move(request), run);
  if (!process) {
    const auto& error = process.error();
    if (!error.system) return cannot(purpose, error.message);
    // qemu-ga's child says it, and its message ends with a line feed.
    return cannot(purpose, fmt::format("failed to exec '{}': {}\n", path, error.system.message()));
  }
  if (const auto end = run->wait(*process, limit)) return judge(*end, *run, purpose);
  return cannot(purpose, fmt::format("'{}' did not end within {} s and was killed", path,
                                     std::chrono::duration<double>(limit).count()));
}

}  // namespace bellhop::state
