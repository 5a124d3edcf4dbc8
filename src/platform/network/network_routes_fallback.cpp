// SPDX-License-Identifier: Apache-2.0
#include "platform/network/network.h"
#include "platform/unsupported.h"

namespace bellhop::platform {

Result<std::vector<NetworkRoute>> network_routes(const std::filesystem::path&) {
  return unsupported();
}

}  // namespace bellhop::platform
