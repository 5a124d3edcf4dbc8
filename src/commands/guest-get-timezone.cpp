// SPDX-License-Identifier: Apache-2.0
#include <chrono>

#include "platform/clock/timezone.h"
#include "rpc/command.h"

namespace bellhop::platform {

constexpr auto fields_of(const Timezone*) {
  return fields<"GuestTimezone">(
      field<"zone", &Timezone::zone>(
          "Current name of the time zone, such as `CEST`. For display only."),
      field<"offset", &Timezone::offset>(
          "Offset from UTC in seconds, positive to the east, with daylight saving time."));
}

}  // namespace bellhop::platform

namespace bellhop::commands {
namespace {

Result<platform::Timezone> run(CommandContext&, const Nothing&) {
  const auto now = std::chrono::system_clock::now();
  return platform::timezone_at(std::chrono::system_clock::to_time_t(now));
}

}  // namespace

extern constinit const Command guest_get_timezone = declare<run>({
    .name = "guest-get-timezone",
    .documentation = "Returns the time zone in force in the guest.",
    .since = "2.10",
    .access = Access::inspect,
});

}  // namespace bellhop::commands
