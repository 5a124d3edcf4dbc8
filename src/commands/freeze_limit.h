// SPDX-License-Identifier: Apache-2.0
// The limit that a client sets for its freeze.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>

#include "agent/services.h"
#include "config/settings.h"
#include "rpc/command_context.h"

namespace bellhop::commands {

// The limit in milliseconds as a duration; nullopt if the client names none. Fails if it is not
// allowed.
inline Result<std::optional<std::chrono::milliseconds>> freeze_limit(
    const CommandContext& context, std::optional<std::int64_t> limit_ms) {
  using std::chrono::milliseconds;
  if (!limit_ms) return std::nullopt;
  const milliseconds configured = context.services.settings.freeze.timeout;
  const milliseconds longest = configured.count() == 0
                                   ? milliseconds(std::chrono::days(1))
                                   : std::max(configured, milliseconds(std::chrono::hours(1)));
  if (*limit_ms < 1 || *limit_ms > longest.count()) {
    return failure("limit-ms is {}, but must be from 1 to {}", *limit_ms, longest.count());
  }
  return milliseconds(*limit_ms);
}

}  // namespace bellhop::commands
