// SPDX-License-Identifier: Apache-2.0
#include "agent/services.h"
#include "platform/power/power.h"
#include "rpc/command.h"

namespace bellhop::commands {
namespace {

using platform::ShutdownMode;

struct Arguments {
  std::optional<std::string_view> mode;
};

constexpr auto fields_of(const Arguments*) {
  return fields(field<"mode", &Arguments::mode>(
      "`powerdown`, the default: the machine is switched off. `halt`: the guest stops and the "
      "machine stays on, unless the guest's `halt` is configured to switch it off, as in "
      "Debian's sysvinit with /etc/default/halt. `reboot`: the guest restarts."));
}

std::optional<ShutdownMode> mode_of(std::string_view name) {
  if (name == "powerdown") return ShutdownMode::powerdown;
  if (name == "halt") return ShutdownMode::halt;
  if (name == "reboot") return ShutdownMode::reboot;
  return std::nullopt;
}

Result<void> run(CommandContext& context, const Arguments& arguments) {
  const auto mode = mode_of(arguments.mode.value_or("powerdown"));
  // qemu-ga's text, including the missing parenthesis.
  if (!mode) return invalid("mode is invalid (valid values are: halt|powerdown|reboot");
  return context.services.power.shut_down(*mode);
}

}  // namespace

extern constinit const Command guest_shutdown = declare<run>({
    .name = "guest-shutdown",
    .documentation =
        "Shuts down the guest in an orderly way. There is no reply once the shutdown has begun; "
        "the host detects it by the state of the machine. An error reports why it has not begun. "
        "The agent uses only the first of these methods that the guest has, and its result is "
        "final: with systemd `systemctl`, else a signal to systemd; `poweroff`, `halt` or "
        "`reboot` (sysvinit, BusyBox, OpenRC, runit and others); `shutdown`; OpenRC's "
        "`openrc-shutdown`; a signal to BusyBox' init; last the kernel, after writing all "
        "filesystems to disk.",
    .since = "0.15.0",
    .access = Access::power,
    .has_success_response = false,
});

}  // namespace bellhop::commands
