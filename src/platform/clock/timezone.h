// The time zone that the system lives in.
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

// The zone in force at `time` (seconds since 1970 in UTC), by TZ or the system's setting.
// Notices when the system's setting has changed since the last call.
Result<Timezone> timezone_at(std::int64_t time);

}  // namespace bellhop::platform
