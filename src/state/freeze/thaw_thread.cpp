// SPDX-License-Identifier: Apache-2.0
#include "state/freeze/thaw_thread.h"

#include <utility>

#include "platform/process/threads.h"

namespace bellhop::state {

void ThawThread::wait() {
  std::jthread last;
  const MutexLock lock(mutex_);
  last.swap(thread_);  // joined when the mutex is unlocked: the thread needs it
}

bool ThawThread::run(std::function<void()> task) {
  const MutexLock lock(mutex_);
  if (!has_thread_) {
    auto thread = platform::start_thread("bellhop-thaw", [this] { run_tasks(); });
    if (!thread) return false;
    // The previous thread, if any, is ending and no longer needs the lock.
    thread_ = *std::move(thread);
    has_thread_ = true;
  }
  tasks_.push_back(std::move(task));
  return true;
}

void ThawThread::run_tasks() {
  MutexLock lock(mutex_);
  while (!tasks_.empty()) {
    const std::function<void()> task = std::move(tasks_.front());
    tasks_.pop_front();
    lock.unlock();
    task();
    lock.lock();
  }
  has_thread_ = false;
}

}  // namespace bellhop::state
