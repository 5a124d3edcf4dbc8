// SPDX-License-Identifier: Apache-2.0
#include "agent/services.h"
#include "platform/clock/clock_setting.h"
#include "rpc/command.h"

namespace bellhop::commands {
namespace {

// Start of 2070, in nanoseconds since 1970: the earliest time that qemu-ga rejects.
constexpr std::int64_t too_late = std::int64_t{36'525} * 86'400 * 1'000'000'000;

struct Arguments {
  std::optional<std::int64_t> time;
};

constexpr auto fields_of(const Arguments*) {
  return fields(field<"time", &Arguments::time>(
      "The new time, in nanoseconds since 1970-01-01 UTC, before 2070."));
}

Result<void> run(CommandContext& context, const Arguments& arguments) {
  if (!arguments.time) return context.services.clock_setting.set_system_from_hardware();
  if (*arguments.time < 0 || *arguments.time >= too_late) return invalid("Invalid time");
  TRY(context.services.clock_setting.set_system(*arguments.time));
  return context.services.clock_setting.set_hardware_from_system();
}

}  // namespace

extern constinit const Command guest_set_time = declare<run>({
    .name = "guest-set-time",
    .documentation =
        "Sets the guest's clock to `time`, and the hardware clock (RTC) to the guest's clock. "
        "Without `time`, it sets the guest's clock to the hardware clock, which the host keeps "
        "right while the guest is paused. On Linux the hardware clock is /dev/rtc, kept in UTC "
        "unless /etc/adjtime says `LOCAL`. The reply takes up to a second, because clocks are "
        "set at the start of a second. After an error about the hardware clock, the guest's "
        "clock may be set nevertheless.",
    .since = "1.5",
    .access = Access::write,
});

}  // namespace bellhop::commands
