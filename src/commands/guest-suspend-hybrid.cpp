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
        "Suspends the guest to memory, after its state has also been written to its disk: it wakes "
        "up from memory, or from the disk when the machine was switched off meanwhile. To the host "
        "it looks like guest-suspend-ram. It needs what guest-suspend-disk needs. There is no "
        "reply on success. These are tried until one works: with systemd `systemctl hybrid-sleep`; "
        "with elogind, under whichever init, `loginctl hybrid-sleep`; pm-utils where they are "
        "installed; the kernel (`suspend` to /sys/power/disk and `disk` to /sys/power/state), as "
        "with sysvinit, OpenRC and BusyBox. Nothing more is tried once the guest has slept.",
    .since = "1.1",
    .systems = Systems::on_linux,
    .access = Access::power,
    .runs = Runs::worker,
    .has_success_response = false,
});

}  // namespace bellhop::commands
