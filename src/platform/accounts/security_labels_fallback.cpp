// SPDX-License-Identifier: Apache-2.0
#include "platform/accounts/security_labels.h"

namespace bellhop::platform {

// This operating system has no SELinux, so there is nothing to do.
Result<void> restore_labels(const UserAccount&, std::vector<std::string>,
                            const std::filesystem::path&, std::chrono::milliseconds) {
  return {};
}

}  // namespace bellhop::platform
