#include <vector>

#include "agent/services.h"
#include "platform/machine/memory_blocks.h"
#include "rpc/command.h"

namespace bellhop::platform {

constexpr auto fields_of(const MemoryBlock*) {
  return fields<"GuestMemoryBlock">(
      field<"phys-index", &MemoryBlock::phys_index>(
          "The block's number: it begins at this times the size of guest-get-memory-block-info."),
      field<"online", &MemoryBlock::online>("Whether it is in service."),
      field<"can-offline", &MemoryBlock::can_offline>(
          "Whether the guest says that it can be taken out of service. Newer Linux says so of "
          "every block, and finds out by trying."));
}

}  // namespace bellhop::platform

namespace bellhop::commands {
namespace {

Result<std::vector<platform::MemoryBlock>> run(CommandContext& context, const Nothing&) {
  return platform::memory_blocks(context.services.system_root);
}

}  // namespace

extern constinit const Command guest_get_memory_blocks = declare<run>({
    .name = "guest-get-memory-blocks",
    .documentation =
        "Returns the guest's memory blocks, by number; an empty list when the guest's kernel has "
        "none. One that is being unplugged, or whose state the guest does not tell at this moment, "
        "is left out.",
    .since = "2.3",
    .systems = Systems::on_linux,
    .access = Access::inspect,
    .runs = Runs::worker,
});

}  // namespace bellhop::commands
