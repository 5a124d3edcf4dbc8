// SPDX-License-Identifier: Apache-2.0
#include "platform/machine/random.h"
#include "platform/unsupported.h"

namespace bellhop::platform {

Result<std::string> random_hex(std::size_t) {
  return unsupported();
}

}  // namespace bellhop::platform
