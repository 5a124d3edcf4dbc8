// SPDX-License-Identifier: Apache-2.0
#include "agent/services.h"
#include "platform/machine/memory_blocks.h"
#include "rpc/command.h"

namespace bellhop::platform {

constexpr auto fields_of(const MemoryBlock*) {
  return fields<"GuestMemoryBlock">(
      field<"phys-index", &MemoryBlock::phys_index>(
          "The block's number. The block begins at this number times the size that "
          "guest-get-memory-block-info returns."),
      field<"online", &MemoryBlock::online>("True if the block is online."),
      field<"can-offline", &MemoryBlock::can_offline>(
          "True if the guest reports that the block can be set offline. Newer Linux reports this "
          "for every block and finds out only when it tries."));
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
        "Returns the guest's memory blocks, by number; an empty list if the guest's kernel has "
        "none. A block is omitted while it is being unplugged or if the guest does not report "
        "its state at this moment.",
    .since = "2.3",
    .systems = Systems::on_linux,
    .access = Access::inspect,
});

}  // namespace bellhop::commands
