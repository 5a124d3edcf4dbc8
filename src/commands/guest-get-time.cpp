// SPDX-License-Identifier: Apache-2.0
#include <chrono>

#include "rpc/command.h"

namespace bellhop::commands {
namespace {

Result<std::int64_t> run(CommandContext&, const Nothing&) {
  const auto since_1970 = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::nanoseconds>(since_1970).count();
}

}  // namespace

extern constinit const Command guest_get_time = declare<run>({
    .name = "guest-get-time",
    .documentation = "Returns the guest's time, in nanoseconds since 1970-01-01 UTC.",
    .since = "1.5",
    .access = Access::inspect,
    .runs = Runs::inline_on_loop,
    .log_as_debug = true,
});

}  // namespace bellhop::commands
