#include <vector>

#include "agent/services.h"
#include "platform/machine/processors.h"
#include "rpc/command.h"

namespace bellhop::platform {

constexpr auto fields_of(const Processor*) {
  return fields<"GuestLogicalProcessor">(
      field<"logical-id", &Processor::logical_id>(
          "The processor's number; on Linux that of /sys/devices/system/cpu."),
      field<"online", &Processor::online>("Whether it is in service."),
      field<"can-offline", &Processor::can_offline>(
          "Whether the guest has a way to take it out of service."));
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
        "Returns the guest's logical processors, by number. One that is being unplugged, or whose "
        "state the guest does not tell at this moment, is left out.",
    .since = "1.5",
    .access = Access::inspect,
    .runs = Runs::worker,
});

}  // namespace bellhop::commands
