// SPDX-License-Identifier: Apache-2.0
#include "agent/services.h"
#include "platform/machine/memory_blocks.h"
#include "rpc/command.h"

namespace bellhop::commands {
namespace {

struct Reply {
  std::uint64_t size;
};

constexpr auto fields_of(const Reply*) {
  return fields<"GuestMemoryBlockInfo">(
      field<"size", &Reply::size>("The size of each block, in bytes."));
}

Result<Reply> run(CommandContext& context, const Nothing&) {
  TRY_ASSIGN(const auto size, platform::memory_block_size(context.services.system_root));
  return Reply{.size = size};
}

}  // namespace

extern constinit const Command guest_get_memory_block_info = declare<run>({
    .name = "guest-get-memory-block-info",
    .documentation =
        "Returns the size of the guest's memory blocks: the smallest amount of memory that can "
        "be set online or offline.",
    .since = "2.3",
    .systems = Systems::on_linux,
    .access = Access::inspect,
});

}  // namespace bellhop::commands
