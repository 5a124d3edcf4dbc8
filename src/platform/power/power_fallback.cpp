// SPDX-License-Identifier: Apache-2.0
#include "platform/power/power.h"
#include "platform/unsupported.h"

namespace bellhop::platform {
namespace {

class NoPower final : public Power {
 public:
  Result<void> shut_down(ShutdownMode) override { return unsupported(); }
  Result<void> suspend(SuspendMode) override { return unsupported(); }
};

}  // namespace

std::unique_ptr<Power> system_power(std::filesystem::path) {
  return std::make_unique<NoPower>();
}

}  // namespace bellhop::platform
