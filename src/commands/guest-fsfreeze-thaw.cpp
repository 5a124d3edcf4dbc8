// SPDX-License-Identifier: Apache-2.0
#include "agent/services.h"
#include "rpc/command.h"
#include "state/freeze/freeze.h"

namespace bellhop::commands {
namespace {

Result<std::int64_t> run(CommandContext& context, const Nothing&) {
  return context.services.freeze.thaw({.by = context.caller.name(), .force = true});
}

}  // namespace

extern constinit const Command guest_fsfreeze_thaw = declare<run>({
    .name = "guest-fsfreeze-thaw",
    .documentation =
        "Thaws all filesystems and runs the administrator's hooks. It also thaws filesystems "
        "that other programs froze or that are frozen several times, and runs even if the agent "
        "has frozen none. A freeze in progress is aborted. Returns the number of filesystems "
        "that were thawed. After an auto-thaw it returns an error, once: data copied in the "
        "meantime may be inconsistent.",
    .since = "0.15.0",
    .access = Access::power,
    .priority = Priority::expedited,
    .served_while_frozen = true,
});

}  // namespace bellhop::commands
