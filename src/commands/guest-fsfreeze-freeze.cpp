#include <cstdint>
#include <optional>

#include "agent/agent.h"
#include "command/command.h"
#include "state/freeze.h"

namespace bellhop::commands {
namespace {

Result<std::int64_t> run(Agent& agent, const Nothing&) {
  return agent.freeze.freeze(std::nullopt);
}

}  // namespace

extern constinit const Command guest_fsfreeze_freeze = declare<run>({
    .name = "guest-fsfreeze-freeze",
    .documentation =
        "Writes all local filesystems out and freezes them: whoever writes to them waits until "
        "guest-fsfreeze-thaw. Each is frozen before what it lies on, as a filesystem in a file on "
        "another one; network filesystems, those in memory and those that are read-only are left "
        "alone. ext4, xfs and btrfs freeze; kinds that Linux cannot freeze are passed over. "
        "Returns "
        "how many were frozen; with 0 no thaw is needed. On an error all are thawed again. The "
        "administrator's hooks run first, and a failure of one prevents the freeze. A freeze ends "
        "by itself at the limit that the agent's configuration sets, 10 minutes by default.",
    .since = "0.15.0",
    .access = Access::power,
    .runs = Runs::on_worker,
});

}  // namespace bellhop::commands
