// SPDX-License-Identifier: Apache-2.0
// The thread that thaws.
#pragma once

#include <deque>
#include <functional>
#include <thread>

#include "base/mutex.h"

namespace bellhop::state {

// Runs tasks, one at a time and in order. The thread exists only while there are some. Thread-safe;
// a task may add tasks too.
class ThawThread {
 public:
  ThawThread() = default;
  // Waits for all tasks.
  ~ThawThread() { wait(); }
  ThawThread(const ThawThread&) = delete;
  ThawThread& operator=(const ThawThread&) = delete;

  // Adds a task. False if no thread could be started; then the task does not run.
  bool run(std::function<void()> task);

  // Waits for all tasks.
  void wait();

 private:
  void run_tasks();

  Mutex mutex_;
  std::deque<std::function<void()>> tasks_ GUARDED_BY(mutex_);
  bool has_thread_ GUARDED_BY(mutex_) = false;  // the thread will look for tasks once more
  std::jthread thread_ GUARDED_BY(mutex_);      // destroyed first, when it has ended
};

}  // namespace bellhop::state
