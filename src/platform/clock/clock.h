// The system clock.
#pragma once

#include <cstdint>

#include "base/error.h"

namespace bellhop::platform {

// Nanoseconds since 1970-01-01T00:00:00 UTC; negative when the clock is set before that.
Result<std::int64_t> get_time();

}  // namespace bellhop::platform
