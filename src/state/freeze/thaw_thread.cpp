// SPDX-License-Identifier: Apache-2.0
#include "state/freeze/thaw_thread.h"

#include <utility>

#include "platform/process/threads.h"

namespace bellhop::state {

ThawThread::~ThawThread() {
  const MutexLock lock(mutex_);
  ending_ = true;
  changed_.notify_all();
}

bool ThawThread::request() {
  const MutexLock lock(mutex_);
  return requested_ = wake_up();
}

Result<void> ThawThread::set_deadline(TimePoint deadline) {
  const MutexLock lock(mutex_);
  deadline_ = deadline;
  if (wake_up()) return {};
  deadline_.reset();
  return failure("cannot watch the freeze's limit: no thread is to be had");
}

std::optional<ThawThread::TimePoint> ThawThread::cancel() {
  const MutexLock lock(mutex_);
  changed_.notify_all();
  return std::exchange(deadline_, std::nullopt);
}

bool ThawThread::wake_up() {
  changed_.notify_all();
  if (has_thread_) return true;
  auto thread = platform::start_thread("bellhop-thaw", [this] { run(); });
  if (!thread) return false;
  // The previous thread, if any, is ending and no longer needs the lock.
  thread_ = *std::move(thread);
  has_thread_ = true;
  return true;
}

void ThawThread::run() {
  MutexLock lock(mutex_);
  while (requested_ || (deadline_ && !ending_)) {
    const bool expired = !requested_;
    if (expired && std::chrono::steady_clock::now() < *deadline_) {
      changed_.wait_until(mutex_, *deadline_, [&, deadline = *deadline_]() REQUIRES(mutex_) {
        return requested_ || ending_ || deadline_ != deadline;
      });
      continue;
    }
    requested_ = false;
    if (expired) deadline_.reset();
    lock.unlock();
    action_(expired);
    lock.lock();
  }
  has_thread_ = false;
}

}  // namespace bellhop::state
