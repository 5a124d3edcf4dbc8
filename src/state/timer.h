// A timer that uses no thread while it is not set.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>

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
  std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<Clock::time_point> deadline_;
  bool has_thread_ = false;  // the thread will check deadline_ again
  bool ending_ = false;
  std::jthread thread_;  // destroyed first: joins the thread
};

}  // namespace bellhop::state
