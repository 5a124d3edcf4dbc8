#include <chrono>

#include "platform/clock/clock.h"

namespace bellhop::platform {

Result<std::int64_t> get_time() {
  const auto since_1970 = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::nanoseconds>(since_1970).count();
}

}  // namespace bellhop::platform
