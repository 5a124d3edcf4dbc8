#include "state/timer.h"

#include <system_error>
#include <utility>

#include "platform/quiet_threads.h"

namespace bellhop::state {

Timer::Timer(std::function<void()> action) : action_(std::move(action)) {}

bool Timer::set(std::chrono::milliseconds from_now) {
  const std::lock_guard lock(mutex_);
  due_ = Clock::now() + from_now;
  if (has_thread_) {
    changed_.notify_all();
    return true;
  }
  try {
    // The thread before it, if any, is at its end and needs no lock any more.
    platform::start_quietly(
        [this] { thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); }); });
  } catch (const std::system_error&) {
    due_.reset();
    return false;
  }
  has_thread_ = true;
  return true;
}

std::optional<std::chrono::steady_clock::time_point> Timer::cancel() {
  const std::lock_guard lock(mutex_);
  const auto due = std::exchange(due_, std::nullopt);
  changed_.notify_all();
  return due;
}

void Timer::run(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (due_ && !stop.stop_requested()) {
    const Clock::time_point due = *due_;
    if (Clock::now() < due) {
      changed_.wait_until(lock, stop, due, [&] { return due_ != due; });
      continue;
    }
    due_.reset();
    lock.unlock();
    action_();
    lock.lock();
  }
  has_thread_ = false;
}

}  // namespace bellhop::state
