#include <cstdint>

#include "agent/services.h"
#include "rpc/command.h"
#include "state/freeze/freeze.h"

namespace bellhop::commands {
namespace {

Result<std::int64_t> run(CommandContext& context, const Nothing&) {
  return context.services.freeze.thaw();
}

}  // namespace

extern constinit const Command guest_fsfreeze_thaw = declare<run>({
    .name = "guest-fsfreeze-thaw",
    .documentation =
        "Thaws all filesystems, whoever froze them and however often, and runs the administrator's "
        "hooks; also when the agent has frozen none. A freeze that is going on is given up. "
        "Returns how many filesystems were thawed. When the freeze had ended by itself before, it "
        "says so by an error, once: what was copied meanwhile may be inconsistent.",
    .since = "0.15.0",
    .access = Access::power,
    .runs = Runs::worker,
    .priority = Priority::expedited,
    .served_while_frozen = true,
});

}  // namespace bellhop::commands
