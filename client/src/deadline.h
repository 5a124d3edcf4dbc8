// Until when an operation may wait.
#pragma once

#include <algorithm>
#include <chrono>
#include <limits>

namespace bellhop::client {

// A fixed time from its construction on.
class Deadline {
 public:
  explicit Deadline(std::chrono::milliseconds timeout)
      // A year is as good as for ever, and cannot overflow the clock.
      : timeout_(timeout), end_(Clock::now() + std::min<Milliseconds>(timeout, year)) {}

  // What it was made with, for messages.
  std::chrono::milliseconds timeout() const { return timeout_; }
  bool passed() const { return Clock::now() >= end_; }

  // What is left, for poll(2): rounded up, so that a wait never ends just before the deadline.
  int poll_timeout() const {
    const auto left = std::chrono::ceil<Milliseconds>(end_ - Clock::now()).count();
    constexpr auto max_milliseconds = Milliseconds::rep{std::numeric_limits<int>::max()};
    return static_cast<int>(std::clamp(left, Milliseconds::rep{0}, max_milliseconds));
  }

 private:
  using Clock = std::chrono::steady_clock;
  using Milliseconds = std::chrono::milliseconds;
  static constexpr std::chrono::hours year{365 * 24};

  Milliseconds timeout_;
  Clock::time_point end_;
};

}  // namespace bellhop::client
