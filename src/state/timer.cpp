#include "state/timer.h"

#include <system_error>
#include <utility>

#include "platform/process/threads.h"

namespace bellhop::state {

Timer::Timer(std::function<void()> action) : action_(std::move(action)) {}

bool Timer::set(std::chrono::milliseconds from_now) {
  const std::lock_guard lock(mutex_);
  deadline_ = Clock::now() + from_now;
  if (has_thread_) {
    changed_.notify_all();
    return true;
  }
  try {
    // The thread before it, if any, is at its end and needs no lock any more.
    platform::start_with_signals_blocked(
        [this] { thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); }); });
  } catch (const std::system_error&) {
    deadline_.reset();
    return false;
  }
  has_thread_ = true;
  return true;
}

std::optional<std::chrono::steady_clock::time_point> Timer::cancel() {
  const std::lock_guard lock(mutex_);
  const auto deadline = std::exchange(deadline_, std::nullopt);
  changed_.notify_all();
  return deadline;
}

void Timer::run(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (deadline_ && !stop.stop_requested()) {
    const Clock::time_point deadline = *deadline_;
    if (Clock::now() < deadline) {
      changed_.wait_until(lock, stop, deadline, [&] { return deadline_ != deadline; });
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
