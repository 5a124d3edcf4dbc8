// A timer that uses no thread while it is not set.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <thread>

#include "base/mutex.h"

namespace bellhop::state {

// Calls an action once for each deadline that is set. The action runs on the timer's thread, which
// exists from set() until there is no deadline. Thread-safe; the action may call it too.
class Timer {
 public:
  explicit Timer(std::function<void()> action);
  // Waits for a running action.
  ~Timer();
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  // Replaces the deadline. Monotonic clock. False if no thread could be started; then no deadline
  // is set.
  bool set(std::chrono::milliseconds from_now);

  // Clears the deadline and returns it, if there was one. Does not stop a running action.
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
