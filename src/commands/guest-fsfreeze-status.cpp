// SPDX-License-Identifier: Apache-2.0
#include "agent/services.h"
#include "rpc/command.h"
#include "state/freeze/freeze.h"

namespace bellhop::commands {
namespace {

enum class Status { thawed, frozen };

constexpr std::array<std::string_view, 2> wire_names(Status) {
  return {"thawed", "frozen"};
}

Result<Status> run(CommandContext& context, const Nothing&) {
  return context.services.freeze.is_frozen() ? Status::frozen : Status::thawed;
}

}  // namespace

extern constinit const Command guest_fsfreeze_status = declare<run>({
    .name = "guest-fsfreeze-status",
    .documentation =
        "Returns whether the agent holds filesystems frozen. Freezes and thaws by other programs "
        "do not count.",
    .since = "0.15.0",
    .access = Access::inspect,
    .runs = Runs::inline_on_loop,
    .priority = Priority::expedited,
    .served_while_frozen = true,
    .log_as_debug = true,
});

}  // namespace bellhop::commands
