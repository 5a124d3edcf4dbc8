// SPDX-License-Identifier: Apache-2.0
#include <signal.h>  // NOLINT(modernize-deprecated-headers): kill(2) is not in <csignal>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "base/mutex.h"
#include "platform/process/run_program.h"

namespace bellhop::platform {
namespace {

constexpr std::size_t max_output = std::size_t{64} * 1024;

// How long to wait for the rest of the output of a program that has ended: processes that it
// started may keep the pipe open without a limit.
constexpr std::chrono::milliseconds output_grace_period{200};

// How long to wait for a killed program to end. A program that waits for a frozen filesystem does
// not end.
constexpr std::chrono::milliseconds kill_grace_period{200};

// Kills a process that the agent started and, if it leads a process group, the group. The pid must
// still belong to the process.
void kill_process_group(ProcessId process) {
  const auto pid = static_cast<pid_t>(process);
  if (pid <= 1) return;  // kill(2) with 0 or -1: the agent's own group or every process
  if (::getpgid(pid) == pid) ::kill(-pid, SIGKILL);
  ::kill(pid, SIGKILL);
}

// Collects what a program writes and how it ends.
class Observer final : public ProcessObserver {
 public:
  void on_output(OutputStream, std::span<const std::byte> bytes) override {
    const MutexLock lock(mutex_);
    const std::size_t room = max_output - output_.size();
    output_.append(reinterpret_cast<const char*>(bytes.data()), std::min(room, bytes.size()));
  }

  void on_eof(OutputStream) override {
    const MutexLock lock(mutex_);
    closed_ = true;
    changed_.notify_all();
  }

  void on_exit(ProcessEnd end) override {
    const MutexLock lock(mutex_);
    end_ = end;
    changed_.notify_all();
  }

  ProgramRun wait(ProcessId process, const RunLimits& limits) {
    const std::stop_callback wake(limits.stop, [this] {
      const MutexLock lock(mutex_);
      changed_.notify_all();
    });
    const MutexLock lock(mutex_);
    const auto ended = [this]() REQUIRES(mutex_) { return end_.has_value(); };
    const auto settled = [this, &limits]() REQUIRES(mutex_) {
      return end_.has_value() || limits.stop.stop_requested();
    };
    if (limits.time) {
      changed_.wait_for(mutex_, *limits.time, settled);
    } else {
      changed_.wait(mutex_, settled);
    }
    if (!ended()) {
      // The pid is the program's, or was until a moment ago: the kernel does not reuse it that
      // soon.
      kill_process_group(process);
      changed_.wait_for(mutex_, kill_grace_period, ended);
      return {.outcome = limits.stop.stop_requested() ? ProgramRun::Outcome::cancelled
                                                      : ProgramRun::Outcome::timed_out,
              .end = {},
              .output = output_};
    }
    const bool wanted = end_->exit_code != 0 || limits.whole_output;
    const auto grace_period =
        limits.whole_output ? limits.time.value_or(output_grace_period) : output_grace_period;
    if (wanted) {
      changed_.wait_for(mutex_, grace_period, [this]() REQUIRES(mutex_) { return closed_; });
    }
    return {.outcome = ProgramRun::Outcome::ended, .end = *end_, .output = output_};
  }

 private:
  Mutex mutex_;
  ConditionVariable changed_;
  std::string output_ GUARDED_BY(mutex_);
  bool closed_ GUARDED_BY(mutex_) = false;
  std::optional<ProcessEnd> end_ GUARDED_BY(mutex_);
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
