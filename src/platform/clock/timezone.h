// SPDX-License-Identifier: Apache-2.0
// The local time zone of the guest.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/error.h"

namespace bellhop::platform {

struct Timezone {
  std::optional<std::string> zone;  // the abbreviation in force, as "CEST"
  std::int64_t offset = 0;          // seconds east of UTC, daylight saving time included
};

// The zone in force at `time` (seconds since 1970-01-01T00:00:00 UTC), from TZ or the operating
// system's setting. Detects changes of that setting since the last call.
Result<Timezone> timezone_at(std::int64_t time);

}  // namespace bellhop::platform
