// SPDX-License-Identifier: Apache-2.0
#include "agent/services.h"
#include "platform/power/power.h"
#include "rpc/command.h"

namespace bellhop::commands {
namespace {

Result<void> run(CommandContext& context, const Nothing&) {
  return context.services.power.suspend(platform::SuspendMode::disk);
}

}  // namespace

extern constinit const Command guest_suspend_disk = declare<run>({
    .name = "guest-suspend-disk",
    .documentation =
        "Suspends the guest to its disk: its state is written there and the machine is switched "
        "off; at the next start the guest continues. It requires swap space and a kernel that is "
        "configured with the location of that space. There is no reply on success. These methods "
        "are tried until one works: with systemd `systemctl hibernate`; with elogind, under any "
        "init, `loginctl hibernate`; pm-utils if installed; the kernel (`disk` to "
        "/sys/power/state), as with sysvinit, OpenRC and BusyBox. Once the guest has slept, no "
        "further method is tried.",
    .since = "1.1",
    .access = Access::power,
    .has_success_response = false,
});

}  // namespace bellhop::commands
