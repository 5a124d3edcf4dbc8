// SPDX-License-Identifier: Apache-2.0
#include <ctime>

#include "platform/clock/timezone.h"

namespace bellhop::platform {

Result<Timezone> timezone_at(std::int64_t time) {
  const auto seconds = static_cast<std::time_t>(time);
  std::tm local{};
  // localtime_r alone need not reread the system's setting (POSIX, localtime).
  ::tzset();
  if (::localtime_r(&seconds, &local) == nullptr) {
    return failure("Couldn't retrieve local timezone");
  }
  // The C library has no name for a zone whose data it cannot read, and uses UTC.
  const bool named = local.tm_zone != nullptr && *local.tm_zone != '\0';
  return Timezone{.zone = named ? local.tm_zone : "UTC", .offset = local.tm_gmtoff};
}

}  // namespace bellhop::platform
