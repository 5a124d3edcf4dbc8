// SPDX-License-Identifier: Apache-2.0
#include "platform/accounts/user_account.h"
#include "platform/unsupported.h"

namespace bellhop::platform {

Result<UserAccount> find_user(const std::string&, const std::filesystem::path&) {
  return unsupported();
}

}  // namespace bellhop::platform
