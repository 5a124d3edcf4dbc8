// SPDX-License-Identifier: Apache-2.0
// Sets the guest's two clocks: the system clock and the hardware clock (RTC), which keeps running
// while the guest is off or suspended.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>

#include "base/error.h"

namespace bellhop::platform {

// Thread-safe.
class ClockSetting {
 public:
  virtual ~ClockSetting() = default;

  // Sets the system clock to `nanoseconds` since 1970-01-01T00:00:00 UTC. Errors: `Failed to set
  // time to guest: …`.
  virtual Result<void> set_system(std::int64_t nanoseconds) = 0;

  // Sets the hardware clock from the system clock. Blocks for up to 1 s, so that both clocks begin
  // their seconds together. Errors: `failed to set hardware clock to system time: …`.
  virtual Result<void> set_hardware_from_system() = 0;

  // Sets the system clock from the hardware clock. Blocks until a second begins, because the
  // hardware clock counts whole seconds: for up to 1 s, or 3 s when the hardware clock sends no
  // interrupts. Errors: `failed to set system time to hardware clock: …`.
  virtual Result<void> set_system_from_hardware() = 0;
};

// The clocks of this guest. `system_root` is the directory that contains /dev, /etc and /sys.
std::unique_ptr<ClockSetting> system_clock_setting(std::filesystem::path system_root);

}  // namespace bellhop::platform
