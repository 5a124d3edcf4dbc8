#include <cstdint>
#include <utility>
#include <vector>

#include "agent/services.h"
#include "platform/machine/processors.h"
#include "rpc/command.h"

namespace bellhop::commands {
namespace {

struct LogicalProcessor {
  std::int64_t logical_id;
  bool online;
  bool can_offline;
};

constexpr auto fields_of(const LogicalProcessor*) {
  return fields<"GuestLogicalProcessor">(
      field<"logical-id", &LogicalProcessor::logical_id>(
          "The processor's number; on Linux that of /sys/devices/system/cpu."),
      field<"online", &LogicalProcessor::online>("Whether it is in service."),
      field<"can-offline", &LogicalProcessor::can_offline>(
          "Whether the guest has a way to take it out of service."));
}

Result<std::vector<LogicalProcessor>> run(CommandContext& context, const Nothing&) {
  const auto processors = platform::processors(context.services.system_root);
  if (!processors) return std::unexpected(processors.error());
  std::vector<LogicalProcessor> reply;
  reply.reserve(processors->size());
  for (const auto& processor : *processors) {
    reply.push_back({.logical_id = processor.logical_id,
                     .online = processor.online,
                     .can_offline = processor.can_offline});
  }
  return reply;
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
