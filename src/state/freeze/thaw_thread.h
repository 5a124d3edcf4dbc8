// SPDX-License-Identifier: Apache-2.0
// The thread that thaws.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <thread>

#include "base/error.h"
#include "base/mutex.h"

namespace bellhop::state {

// Calls an action on request and at a deadline, one call at a time. The thread exists only while
// the action runs or a deadline is set. Thread-safe; the action may call it too.
class ThawThread {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  // `action` is called with true at the deadline, with false on request.
  explicit ThawThread(std::function<void(bool expired)> action) : action_(std::move(action)) {}
  // Waits for a requested or running action.
  ~ThawThread();
  ThawThread(const ThawThread&) = delete;
  ThawThread& operator=(const ThawThread&) = delete;

  // Requests one call of the action. False if no thread could be started; then there is no call.
  bool request();

  // Replaces the deadline. Fails if no thread could be started; then no deadline is set. Never
  // fails while a deadline is set or in the action.
  Result<void> set_deadline(TimePoint deadline);

  // Clears the deadline and returns it, if there was one. Does not stop a running action.
  std::optional<TimePoint> cancel();

 private:
  bool wake_up() REQUIRES(mutex_);
  void run();

  const std::function<void(bool expired)> action_;
  Mutex mutex_;
  ConditionVariable changed_;
  std::optional<TimePoint> deadline_ GUARDED_BY(mutex_);
  bool requested_ GUARDED_BY(mutex_) = false;
  bool has_thread_ GUARDED_BY(mutex_) = false;  // the thread will read the members once more
  bool ending_ GUARDED_BY(mutex_) = false;
  std::jthread thread_ GUARDED_BY(mutex_);  // destroyed first, when it has ended
};

}  // namespace bellhop::state
