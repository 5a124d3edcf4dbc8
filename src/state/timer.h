// Does something at a time to come, without costing anything while no time is set.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <thread>

#include "base/mutex.h"

namespace bellhop::state {

// Calls an action when its time has come, once for each time that is set. It has a thread, on which
// the action runs, from set() until there is no time to wait for any more. May be used from any
// thread, also by the action.
class Timer {
 public:
  explicit Timer(std::function<void()> action);
  // Waits for an action that has begun.
  ~Timer();
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  // From now on the time is that long from now, measured by a clock that nobody sets. False when
  // the system has no thread to give.
  bool set(std::chrono::milliseconds from_now);

  // Forgets the time, which it returns if there was one. An action that has begun goes on.
  std::optional<std::chrono::steady_clock::time_point> cancel();

 private:
  using Clock = std::chrono::steady_clock;

  void run();

  const std::function<void()> action_;
  Mutex mutex_;
  ConditionVariable changed_;
  std::optional<Clock::time_point> deadline_ GUARDED_BY(mutex_);
  bool has_thread_ GUARDED_BY(mutex_) = false;  // the thread will look at deadline_ once more
  bool ending_ GUARDED_BY(mutex_) = false;
  std::jthread thread_ GUARDED_BY(mutex_);  // goes first, when it has ended
};

}  // namespace bellhop::state
