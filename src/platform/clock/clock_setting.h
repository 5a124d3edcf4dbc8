// Setting the machine's two clocks: the system's, and the hardware clock (RTC), which goes on while
// the machine is off or suspended.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>

#include "base/error.h"

namespace bellhop::platform {

// May be used from any thread.
class ClockSetting {
 public:
  virtual ~ClockSetting() = default;

  // Sets the system's clock, to nanoseconds since 1970-01-01T00:00:00 UTC.
  // Errors: `Failed to set time to guest: …`.
  virtual Result<void> set_system(std::int64_t nanoseconds) = 0;

  // Sets the hardware clock from the system's. Waits up to a second, so that both begin their
  // seconds together. Errors: `failed to set hardware clock to system time: …`.
  virtual Result<void> set_hardware_from_system() = 0;

  // Sets the system's clock from the hardware clock. Waits up to a second and a half for a second
  // to begin, since the hardware clock tells whole ones.
  // Errors: `failed to set system time to hardware clock: …`.
  virtual Result<void> set_system_from_hardware() = 0;
};

// The clocks of this machine. `system_root` is the directory that holds its /dev, /etc and /sys.
std::unique_ptr<ClockSetting> system_clock_setting(std::filesystem::path system_root);

}  // namespace bellhop::platform
