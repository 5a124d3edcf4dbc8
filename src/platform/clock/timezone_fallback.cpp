// SPDX-License-Identifier: Apache-2.0
#include "platform/clock/timezone.h"
#include "platform/unsupported.h"

namespace bellhop::platform {

Result<Timezone> timezone_at(std::int64_t) {
  return unsupported();
}

}  // namespace bellhop::platform
