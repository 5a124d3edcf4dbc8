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
        "off; at the next start the guest goes on. It needs swap space and a kernel that is told "
        "where that is. There is no reply on success. These are tried until one works: with "
        "systemd `systemctl hibernate`; with elogind, under whichever init, `loginctl hibernate`; "
        "pm-utils where they are installed; the kernel (`disk` to /sys/power/state), as with "
        "sysvinit, OpenRC and BusyBox. Nothing more is tried once the guest has slept.",
    .since = "1.1",
    .access = Access::power,
    .runs = Runs::worker,
    .has_success_response = false,
});

}  // namespace bellhop::commands
