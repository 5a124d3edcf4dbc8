// SPDX-License-Identifier: Apache-2.0
// Limits how often similar lines are logged.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/mutex.h"

namespace bellhop::agent {

// Admits one line a minute for each key. Beyond `max_keys` keys within a minute, all further keys
// count as one. Thread-safe.
class LogLimiter {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;
  static constexpr std::chrono::minutes interval{1};
  static constexpr std::size_t max_keys = 256;

  // Returns how many lines of this key were suppressed since the last one that was admitted;
  // nullopt if this one is suppressed, too.
  std::optional<std::uint64_t> admit(std::string_view key, TimePoint now);

 private:
  struct Entry {
    std::optional<TimePoint> admitted = {};
    std::uint64_t suppressed = 0;
    bool is_recent(TimePoint now) const { return admitted && now - *admitted < interval; }
  };

  Mutex mutex_;
  std::map<std::string, Entry, std::less<>> entries_ GUARDED_BY(mutex_);
};

}  // namespace bellhop::agent
