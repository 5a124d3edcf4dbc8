#include "platform/clock/clock.h"
#include "platform/unsupported.h"

namespace bellhop::platform {

Result<std::int64_t> get_time() {
  return unsupported();
}

}  // namespace bellhop::platform
