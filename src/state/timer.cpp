#include "state/timer.h"

#include <utility>

#include "platform/process/threads.h"

namespace bellhop::state {

Timer::Timer(std::function<void()> action) : action_(std::move(action)) {}

Timer::~Timer() {
  const MutexLock lock(mutex_);
  ending_ = true;
  changed_.notify_all();
}

bool Timer::set(std::chrono::milliseconds from_now) {
  const MutexLock lock(mutex_);
  deadline_ = Clock::now() + from_now;
  if (has_thread_) {
    changed_.notify_all();
    return true;
  }
  auto thread = platform::start_thread("bellhop-timer", [this] { run(); });
  if (!thread) {
    deadline_.reset();
    return false;
  }
  // The previous thread, if any, is ending and no longer needs the lock.
  thread_ = *std::move(thread);
  has_thread_ = true;
  return true;
}

std::optional<std::chrono::steady_clock::time_point> Timer::cancel() {
  const MutexLock lock(mutex_);
  const auto deadline = std::exchange(deadline_, std::nullopt);
  changed_.notify_all();
  return deadline;
}

void Timer::run() {
  MutexLock lock(mutex_);
  while (deadline_ && !ending_) {
    const Clock::time_point deadline = *deadline_;
    if (Clock::now() < deadline) {
      changed_.wait_until(mutex_, deadline,
                          [&]() REQUIRES(mutex_) { return ending_ || deadline_ != deadline; });
      continue;
    }
    deadline_.reset();
    lock.unlock();
    action_();
    lock.lock();
  }
  has_thread_ = false;
}

}  // namespace bellhop::state
