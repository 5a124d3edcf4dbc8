// SPDX-License-Identifier: Apache-2.0
#include "agent/services.h"
#include "platform/power/power.h"
#include "rpc/command.h"

namespace bellhop::commands {
namespace {

Result<void> run(CommandContext& context, const Nothing&) {
  return context.services.power.suspend(platform::SuspendMode::hybrid);
}

}  // namespace

extern constinit const Command guest_suspend_hybrid = declare<run>({
    .name = "guest-suspend-hybrid",
    .documentation =
        "Suspends the guest to memory, after its state has also been written to its disk: it "
        "wakes up from memory, or from the disk if the machine was switched off meanwhile. To "
        "the host it looks like guest-suspend-ram. It has the requirements of "
        "guest-suspend-disk. There is no reply on success. These methods are tried until one "
        "works: with systemd `systemctl hybrid-sleep`; with elogind, under any init, `loginctl "
        "hybrid-sleep`; pm-utils if installed; the kernel (`suspend` to /sys/power/disk and "
        "`disk` to /sys/power/state), as with sysvinit, OpenRC and BusyBox. Once the guest has "
        "slept, no further method is tried.",
    .since = "1.1",
    .systems = Systems::on_linux,
    .access = Access::power,
    .has_success_response = false,
});

}  // namespace bellhop::commands
