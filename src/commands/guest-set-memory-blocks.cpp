// SPDX-License-Identifier: Apache-2.0
#include "agent/services.h"
#include "platform/machine/memory_blocks.h"
#include "rpc/command.h"

namespace bellhop::platform {

constexpr std::array<std::string_view, 4> wire_names(MemoryBlockChange::Outcome) {
  return {"success", "not-found", "operation-not-supported", "operation-failed"};
}

}  // namespace bellhop::platform

namespace bellhop::commands {
namespace {

using Outcome = platform::MemoryBlockChange::Outcome;

struct MemoryBlock {
  std::uint64_t phys_index;
  bool online;
  std::optional<bool> can_offline;
};

constexpr auto fields_of(const MemoryBlock*) {
  return fields<"GuestMemoryBlock">(
      field<"phys-index", &MemoryBlock::phys_index>(
          "The block's number, from guest-get-memory-blocks."),
      field<"online", &MemoryBlock::online>(
          "True to set the block online, false to set it offline."),
      field<"can-offline", &MemoryBlock::can_offline>(
          "Ignored, so that a client can send entries of guest-get-memory-blocks unchanged."));
}

struct Arguments {
  std::vector<MemoryBlock> mem_blks;
};

constexpr auto fields_of(const Arguments*) {
  return fields(field<"mem-blks", &Arguments::mem_blks>(
      "The changes to make, in this order; a block may appear several times."));
}

struct BlockResponse {
  std::uint64_t phys_index;
  Outcome response;
  std::optional<std::int64_t> error_code;
};

constexpr auto fields_of(const BlockResponse*) {
  return fields<"GuestMemoryBlockResponse">(
      field<"phys-index", &BlockResponse::phys_index>("The block's number."),
      field<"response", &BlockResponse::response>(
          "The result: `not-found` if the block does not exist, `operation-not-supported` if the "
          "kernel can never do it, `operation-failed` if it could not now."),
      field<"error-code", &BlockResponse::error_code>(
          "The operating system's error number (on Linux errno); absent on success."));
}

Result<std::vector<BlockResponse>> run(CommandContext& context, const Arguments& arguments) {
  std::vector<BlockResponse> reply;
  reply.reserve(arguments.mem_blks.size());
  for (const auto& block : arguments.mem_blks) {
    const auto change = platform::set_memory_block_online(context.services.system_root,
                                                          block.phys_index, block.online);
    auto& entry = reply.emplace_back(
        BlockResponse{.phys_index = block.phys_index, .response = change.outcome});
    if (entry.response != Outcome::success) entry.error_code = change.error_number;
  }
  return reply;
}

}  // namespace

extern constinit const Command guest_set_memory_blocks = declare<run>({
    .name = "guest-set-memory-blocks",
    .documentation =
        "Sets memory blocks online or offline and returns a result for each. A failure does not "
        "stop the entries after it. A block that is already in the requested state is a success. "
        "Setting a block offline moves its content and can take long; it fails if something in "
        "the block cannot be moved.",
    .since = "2.3",
    .systems = Systems::on_linux,
    .access = Access::write,
});

}  // namespace bellhop::commands
