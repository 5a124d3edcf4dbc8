#include <cstdint>
#include <optional>

#include "agent/services.h"
#include "rpc/command.h"
#include "state/freeze/freeze.h"

namespace bellhop::commands {
namespace {

Result<std::int64_t> run(CommandContext& context, const Nothing&) {
  return context.services.freeze.freeze(std::nullopt);
}

}  // namespace

extern constinit const Command guest_fsfreeze_freeze = declare<run>({
    .name = "guest-fsfreeze-freeze",
    .documentation =
        "Writes all local filesystems out and freezes them: whoever writes to them waits until "
        "guest-fsfreeze-thaw. Each is frozen before what it lies on, as a filesystem in a file on "
        "another one; network filesystems, those in memory and those that are read-only are left "
        "alone. ext4, xfs and btrfs freeze, also on partitions, LVM, LUKS and md; kinds that Linux "
        "cannot freeze, as vfat, are passed over. Copies of the frozen disks need no recovery, but "
        "for a short log that Linux always leaves in a frozen xfs and reads when the copy is "
        "mounted. Returns how many were frozen; with 0 no thaw is needed. On an error all are "
        "thawed again. The administrator's hooks run first, and a failure of one prevents the "
        "freeze. A freeze ends by itself at the limit that the agent's configuration sets, 10 "
        "minutes by default.",
    .since = "0.15.0",
    .access = Access::power,
    .runs = Runs::worker,
});

}  // namespace bellhop::commands
