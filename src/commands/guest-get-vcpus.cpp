// SPDX-License-Identifier: Apache-2.0
#include "agent/services.h"
#include "platform/machine/processors.h"
#include "rpc/command.h"

namespace bellhop::platform {

constexpr auto fields_of(const Processor*) {
  return fields<"GuestLogicalProcessor">(
      field<"logical-id", &Processor::logical_id>(
          "The processor's number; on Linux the number in /sys/devices/system/cpu."),
      field<"online", &Processor::online>("True if the processor is online."),
      field<"can-offline", &Processor::can_offline>(
          "True if the guest can set the processor offline."));
}

}  // namespace bellhop::platform

namespace bellhop::commands {
namespace {

Result<std::vector<platform::Processor>> run(CommandContext& context, const Nothing&) {
  return platform::processors(context.services.system_root);
}

}  // namespace

extern constinit const Command guest_get_vcpus = declare<run>({
    .name = "guest-get-vcpus",
    .documentation =
        "Returns the guest's logical processors, by number. A processor is omitted while it is "
        "being unplugged or if the guest does not report its state at this moment.",
    .since = "1.5",
    .access = Access::inspect,
});

}  // namespace bellhop::commands
