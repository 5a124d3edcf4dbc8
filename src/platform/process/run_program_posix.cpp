#include <algorithm>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <utility>

#include "platform/process/kill_process_group.h"
#include "platform/process/run_program.h"

namespace bellhop::platform {
namespace {

constexpr std::size_t max_output = std::size_t{64} * 1024;

// How long to wait for the rest of the output of a program that has ended: what it started may
// keep the pipe open for ever.
constexpr std::chrono::milliseconds output_grace_period{200};

// How long to wait for a killed program to end: one that waits for a frozen filesystem does not.
constexpr std::chrono::milliseconds kill_grace_period{200};

// Collects what a program writes and how it ends.
class Observer final : public ProcessObserver {
 public:
  void on_output(OutputStream, std::span<const std::byte> bytes) override {
    const std::lock_guard lock(mutex_);
    const std::size_t room = max_output - output_.size();
    output_.append(reinterpret_cast<const char*>(bytes.data()), std::min(room, bytes.size()));
  }

  void on_eof(OutputStream) override {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    changed_.notify_all();
  }

  void on_exit(ProcessEnd end) override {
    const std::lock_guard lock(mutex_);
    end_ = end;
    changed_.notify_all();
  }

  ProgramRun wait(std::int64_t process, const RunLimits& limits) {
    std::unique_lock lock(mutex_);
    const auto ended = [this] { return end_.has_value(); };
    const bool in_time = limits.time ? changed_.wait_for(lock, limits.stop, *limits.time, ended)
                                     : changed_.wait(lock, limits.stop, ended);
    if (!in_time) {
      // The number is the program's, or was a moment ago: it is not given to another that soon.
      kill_process_group(process);
      changed_.wait_for(lock, kill_grace_period, ended);
      return {.outcome = limits.stop.stop_requested() ? ProgramRun::Outcome::cancelled
                                                      : ProgramRun::Outcome::timed_out,
              .end = {},
              .output = output_};
    }
    const bool wanted = end_->exit_code != 0 || limits.whole_output;
    const auto grace_period =
        limits.whole_output ? limits.time.value_or(output_grace_period) : output_grace_period;
    if (wanted) changed_.wait_for(lock, grace_period, [this] { return closed_; });
    return {.outcome = ProgramRun::Outcome::ended, .end = *end_, .output = output_};
  }

 private:
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::string output_;
  bool closed_ = false;
  std::optional<ProcessEnd> end_;
};

}  // namespace

Result<ProgramRun> run_program(Processes& processes, ProcessRequest request,
                               const RunLimits& limits) {
  request.out = Output::capture;
  request.err = Output::with_out;
  const auto observer = std::make_shared<Observer>();
  TRY_ASSIGN(const auto process, processes.start(std::move(request), observer));
  return observer->wait(process, limits);
}

}  // namespace bellhop::platform
