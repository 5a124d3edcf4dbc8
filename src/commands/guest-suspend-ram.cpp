// SPDX-License-Identifier: Apache-2.0
#include "agent/services.h"
#include "platform/power/power.h"
#include "rpc/command.h"

namespace bellhop::commands {
namespace {

Result<void> run(CommandContext& context, const Nothing&) {
  return context.services.power.suspend(platform::SuspendMode::ram);
}

}  // namespace

extern constinit const Command guest_suspend_ram = declare<run>({
    .name = "guest-suspend-ram",
    .documentation =
        "Suspends the guest to memory: it stops until the host wakes it, which the machine must "
        "support (`wakeup-suspend-support` of QMP query-current-machine). There is no reply on "
        "success. These methods are tried until one works: with systemd `systemctl suspend`; "
        "with elogind, under any init, `loginctl suspend`; pm-utils if installed; the kernel "
        "(`mem` to /sys/power/state), as with sysvinit, OpenRC and BusyBox. Once the guest has "
        "slept, no further method is tried.",
    .since = "1.1",
    .access = Access::power,
    .has_success_response = false,
});

}  // namespace bellhop::commands
