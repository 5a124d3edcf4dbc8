// SPDX-License-Identifier: Apache-2.0
#include "platform/clock/clock_setting.h"
#include "platform/unsupported.h"

namespace bellhop::platform {
namespace {

class NoClockSetting final : public ClockSetting {
 public:
  Result<void> set_system(std::int64_t) override { return unsupported(); }
  Result<void> set_hardware_from_system() override { return unsupported(); }
  Result<void> set_system_from_hardware() override { return unsupported(); }
};

}  // namespace

std::unique_ptr<ClockSetting> system_clock_setting(std::filesystem::path) {
  return std::make_unique<NoClockSetting>();
}

}  // namespace bellhop::platform
