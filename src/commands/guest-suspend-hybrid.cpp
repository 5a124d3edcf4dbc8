#include "agent/agent.h"
#include "command/command.h"
#include "platform/power.h"

namespace bellhop::commands {
namespace {

Result<void> run(Agent& agent, const Nothing&) {
  return agent.power.suspend(platform::SuspendMode::hybrid);
}

}  // namespace

extern constinit const Command guest_suspend_hybrid = declare<run>({
    .name = "guest-suspend-hybrid",
    .documentation =
        "Suspends the guest to memory, after its state has also been written to its disk: it wakes "
        "up "
        "from memory, or from the disk when the machine was switched off meanwhile. There is no "
        "reply on success. These are tried until one works: with systemd `systemctl hybrid-sleep`, "
        "with elogind `loginctl hybrid-sleep`; pm-utils; the kernel (`suspend` to /sys/power/disk "
        "and `disk` to /sys/power/state).",
    .since = "1.1",
    .access = Access::power,
    .runs = Runs::on_worker,
    .answers_success = false,
});

}  // namespace bellhop::commands
