// SPDX-License-Identifier: Apache-2.0
#include "platform/machine/boot_id.h"

namespace bellhop::platform {

std::string boot_id() {
  return {};
}

}  // namespace bellhop::platform
