// SPDX-License-Identifier: Apache-2.0
#include "platform/storage/freeze_guard.h"
#include "platform/unsupported.h"

namespace bellhop::platform {

Result<std::unique_ptr<FreezeGuard>> start_freeze_guard(const GuardRequest&) {
  return unsupported();
}

std::unique_ptr<FreezeGuard> restore_freeze_guard(Handle) {
  return nullptr;
}

FreezeAtStart inherit_freeze(const std::string&, std::chrono::milliseconds) {
  return {};
}

Result<std::unique_ptr<FreezeGuard>> replace_freeze_guard(const GuardRequest&) {
  return unsupported();
}

std::chrono::nanoseconds boot_time() {
  return std::chrono::steady_clock::now().time_since_epoch();
}

int run_freeze_guard() {
  return 1;
}

}  // namespace bellhop::platform
