// SPDX-License-Identifier: Apache-2.0
#include "platform/process/run_as_user.h"
#include "platform/unsupported.h"

namespace bellhop::platform {

Result<void> run_as_user(const UserAccount&, std::chrono::milliseconds,
                         const std::function<void()>&) {
  return unsupported();
}

Result<void> run_program_as_user(const UserAccount&, std::chrono::milliseconds, const std::string&,
                                 std::vector<std::string>) {
  return unsupported();
}

}  // namespace bellhop::platform
