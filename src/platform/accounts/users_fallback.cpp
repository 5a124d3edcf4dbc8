// SPDX-License-Identifier: Apache-2.0
#include "platform/accounts/users.h"
#include "platform/unsupported.h"

namespace bellhop::platform {

Result<std::vector<LoggedInUser>> logged_in_users(const std::filesystem::path&) {
  return unsupported();
}

}  // namespace bellhop::platform
