// SPDX-License-Identifier: Apache-2.0
#include "platform/machine/load.h"
#include "rpc/command.h"

namespace bellhop::platform {

constexpr auto fields_of(const LoadAverage*) {
  return fields<"GuestLoadAverage">(
      field<"load1m", &LoadAverage::load1m>("Average over the last minute."),
      field<"load5m", &LoadAverage::load5m>("Average over the last 5 minutes."),
      field<"load15m", &LoadAverage::load15m>("Average over the last 15 minutes."));
}

}  // namespace bellhop::platform

namespace bellhop::commands {
namespace {

Result<platform::LoadAverage> run(CommandContext&, const Nothing&) {
  return platform::load_average();
}

}  // namespace

extern constinit const Command guest_get_load = declare<run>({
    .name = "guest-get-load",
    .documentation = "Returns the average number of processes that run or are ready to run.",
    .since = "10.0",
    .access = Access::inspect,
    .runs = Runs::inline_on_loop,
    .log_as_debug = true,
});

}  // namespace bellhop::commands
