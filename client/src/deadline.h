// SPDX-License-Identifier: Apache-2.0
// The deadline of an operation.
#pragma once

#include <algorithm>
#include <chrono>
#include <limits>

namespace bellhop::client {

// The timeout starts at construction.
class Deadline {
 public:
  explicit Deadline(std::chrono::milliseconds timeout)
      // At most a year, which cannot overflow the clock.
      : timeout_(timeout), end_(Clock::now() + std::min<Milliseconds>(timeout, year)) {}

  // The constructor's argument, for messages.
  std::chrono::milliseconds timeout() const { return timeout_; }
  bool passed() const { return Clock::now() >= end_; }

  // The remaining time for poll(2) in milliseconds. Rounded up, so that a wait never ends just
  // before the deadline.
  int poll_timeout() const {
    const auto remaining = std::chrono::ceil<Milliseconds>(end_ - Clock::now()).count();
    constexpr auto max_milliseconds = Milliseconds::rep{std::numeric_limits<int>::max()};
    return static_cast<int>(std::clamp(remaining, Milliseconds::rep{0}, max_milliseconds));
  }

 private:
  using Clock = std::chrono::steady_clock;
  using Milliseconds = std::chrono::milliseconds;
  static constexpr std::chrono::hours year{365 * 24};

  Milliseconds timeout_;
  Clock::time_point end_;
};

}  // namespace bellhop::client
