// SPDX-License-Identifier: Apache-2.0
#include "platform/process/service_manager.h"

namespace bellhop::platform {

std::string claim_service_manager() {
  return {};
}

Result<void> notify_service_manager(const std::string&, ServiceState, std::string_view) {
  return {};
}

}  // namespace bellhop::platform
