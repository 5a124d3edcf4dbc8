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
        "Suspends the guest to memory: it stands still until the host wakes it, for which the "
        "machine needs to be able (`wakeup-suspend-support` of QMP query-current-machine). There "
        "is no reply on success. These are tried until one works: with systemd `systemctl "
        "suspend`; with elogind, under whichever init, `loginctl suspend`; pm-utils where they are "
        "installed; the kernel (`mem` to /sys/power/state), as with sysvinit, OpenRC and BusyBox. "
        "Nothing more is tried once the guest has slept.",
    .since = "1.1",
    .access = Access::power,
    .runs = Runs::worker,
    .has_success_response = false,
});

}  // namespace bellhop::commands
