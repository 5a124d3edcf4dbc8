// SPDX-License-Identifier: Apache-2.0
#include "platform/machine/load.h"
#include "platform/unsupported.h"

namespace bellhop::platform {

Result<LoadAverage> load_average() {
  return unsupported();
}

}  // namespace bellhop::platform
