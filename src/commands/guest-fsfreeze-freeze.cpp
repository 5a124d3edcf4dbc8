// SPDX-License-Identifier: Apache-2.0
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
        "Writes all local filesystems to disk and freezes them: processes that write to them "
        "block until guest-fsfreeze-thaw. A filesystem is frozen before the filesystem that it "
        "lies on, for example a filesystem in a file. Network, memory and read-only filesystems "
        "are not frozen. ext4, xfs and btrfs can be frozen, also on partitions, LVM, LUKS and "
        "md. Types that Linux cannot freeze, such as vfat, are skipped, and so are filesystems "
        "that the agent's configuration leaves out or that other filesystems hide. Copies of the "
        "frozen "
        "disks need no recovery, except for a short log that Linux always leaves in a frozen xfs "
        "and reads when the copy is mounted. Returns the number of frozen filesystems; after 0 "
        "no thaw is needed. On an error all filesystems are thawed again. The administrator's "
        "hooks run first; if one fails, nothing is frozen. The freeze ends with an auto-thaw "
        "when the timeout in the agent's configuration expires, 10 minutes by default.",
    .since = "0.15.0",
    .access = Access::power,
});

}  // namespace bellhop::commands
