// SPDX-License-Identifier: Apache-2.0
#include "agent/log_limiter.h"

#include <utility>

namespace bellhop::agent {

std::optional<std::uint64_t> LogLimiter::admit(std::string_view key, TimePoint now) {
  const MutexLock lock(mutex_);
  auto found = entries_.find(key);
  if (found == entries_.end()) {
    if (entries_.size() >= max_keys) {
      std::erase_if(entries_, [now](const auto& entry) { return !entry.second.is_recent(now); });
    }
    found = entries_.try_emplace(std::string(entries_.size() < max_keys ? key : "")).first;
  }
  Entry& entry = found->second;
  if (entry.is_recent(now)) {
    ++entry.suppressed;
    return std::nullopt;
  }
  entry.admitted = now;
  return std::exchange(entry.suppressed, 0);
}

}  // namespace bellhop::agent
