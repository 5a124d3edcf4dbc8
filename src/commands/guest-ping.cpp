// SPDX-License-Identifier: Apache-2.0
#include "rpc/command.h"

namespace bellhop::commands {
namespace {

Result<void> run(CommandContext&, const Nothing&) {
  return {};
}

}  // namespace

extern constinit const Command guest_ping = declare<run>({
    .name = "guest-ping",
    .documentation = "Replies, which shows that the agent is alive.",
    .since = "0.15.0",
    .access = Access::none,
    .runs = Runs::inline_on_loop,
    .priority = Priority::expedited,
    .served_while_frozen = true,
    .log_as_debug = true,
});

}  // namespace bellhop::commands
