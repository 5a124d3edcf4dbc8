// SPDX-License-Identifier: Apache-2.0
#include "platform/network/network.h"
#include "platform/unsupported.h"

namespace bellhop::platform {

Result<std::vector<NetworkInterface>> network_interfaces() {
  return unsupported();
}

}  // namespace bellhop::platform
