#include <cerrno>
#include <ctime>

#include "platform/clock/clock.h"

namespace bellhop::platform {

Result<std::int64_t> get_time() {
  timespec now{};
  if (::clock_gettime(CLOCK_REALTIME, &now) != 0) return system_failure(errno, "cannot get time");
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

}  // namespace bellhop::platform
