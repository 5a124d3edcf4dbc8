// SPDX-License-Identifier: Apache-2.0
#include "platform/accounts/password_program.h"
#include "platform/unsupported.h"

namespace bellhop::platform {

Result<PasswordProgram> password_program(bool, std::string_view, const std::filesystem::path&) {
  return unsupported();
}

}  // namespace bellhop::platform
