// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "base/mutex.h"
#include "platform/process/process_tree.h"
#include "platform/process/run_program.h"

extern char** environ;  // NOLINT(readability-redundant-declaration): POSIX has it in no header

namespace bellhop::platform {
namespace {

constexpr std::size_t max_output = std::size_t{64} * 1024;

// How long to wait for the rest of the output of a program that has ended: processes that it
// started may keep the pipe open without a limit.
constexpr std::chrono::milliseconds output_grace_period{200};

// How long to wait for killed processes to end, and then for the end of the program to be reported.
// A process that waits for a frozen filesystem does not end.
constexpr std::chrono::milliseconds kill_grace_period{200};

// Marks the processes of one run. No run of an earlier agent with the same pid has the same mark.
constexpr std::string_view mark_name = "BELLHOP_RUN=";

std::string make_mark() {
  return fmt::format("{}{}.{}", mark_name, current_pid(),
                     std::chrono::steady_clock::now().time_since_epoch().count());
}

// Adds the mark to the environment of `request`.
void add_mark(ProcessRequest& request, const std::string& mark) {
  if (!request.environment) {
    auto& copy = request.environment.emplace();
    for (char** variable = environ; variable && *variable; ++variable) copy.emplace_back(*variable);
  }
  std::erase_if(*request.environment,
                [](const std::string& variable) { return variable.starts_with(mark_name); });
  request.environment->push_back(mark);
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
    MutexLock lock(mutex_);
    closed_ = true;
    changed_.notify_all();
    const auto on_late_close = std::exchange(on_late_close_, {});
    lock.unlock();
    if (on_late_close) on_late_close();
  }

  void on_exit(ProcessEnd end) override {
    const MutexLock lock(mutex_);
    end_ = end;
    changed_.notify_all();
  }

  // Waits until the program has ended or is to be killed. The program runs until then.
  ProgramRun wait(ProcessId process, const std::string& mark, const RunLimits& limits) {
    const std::stop_callback wake(limits.stop, [this] {
      const MutexLock lock(mutex_);
      changed_.notify_all();
    });
    MutexLock lock(mutex_);
    const auto settled = [this, &limits]() REQUIRES(mutex_) {
      return end_.has_value() || limits.stop.stop_requested();
    };
    if (limits.time) {
      changed_.wait_for(mutex_, *limits.time, settled);
    } else {
      changed_.wait(mutex_, settled);
    }
    ProgramRun run;
    if (end_) {
      run.end = *end_;
    } else {
      run.outcome = limits.stop.stop_requested() ? ProgramRun::Outcome::cancelled
                                                 : ProgramRun::Outcome::timed_out;
    }
    if (!run.end.exit_code) {
      lock.unlock();
      kill_process_tree(process, mark, kill_grace_period);
      lock.lock();
      wait_for_close(kill_grace_period);
      if (!closed_) on_late_close_ = limits.on_late_close;
    } else if (run.end.exit_code != 0 || limits.whole_output) {
      wait_for_close(limits.whole_output ? limits.time.value_or(output_grace_period)
                                         : output_grace_period);
    }
    run.output = output_;
    return run;
  }

 private:
  void wait_for_close(std::chrono::milliseconds timeout) REQUIRES(mutex_) {
    changed_.wait_for(mutex_, timeout, [this]() REQUIRES(mutex_) { return closed_; });
  }

  Mutex mutex_;
  ConditionVariable changed_;
  std::string output_ GUARDED_BY(mutex_);
  bool closed_ GUARDED_BY(mutex_) = false;
  std::function<void()> on_late_close_ GUARDED_BY(mutex_);
  std::optional<ProcessEnd> end_ GUARDED_BY(mutex_);
};

}  // namespace

Result<ProgramRun> run_program(Processes& processes, ProcessRequest request,
                               const RunLimits& limits) {
  request.out = Output::capture;
  request.err = Output::with_out;
  const std::string mark = make_mark();
  add_mark(request, mark);
  const auto observer = std::make_shared<Observer>();
  TRY_ASSIGN(const auto process, processes.start(std::move(request), observer));
  return observer->wait(process, mark, limits);
}

}  // namespace bellhop::platform
