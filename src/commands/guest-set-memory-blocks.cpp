#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

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
          "The block's number, as guest-get-memory-blocks tells it."),
      field<"online", &MemoryBlock::online>("Whether it shall be in service."),
      field<"can-offline", &MemoryBlock::can_offline>(
          "Ignored, so that entries of guest-get-memory-blocks can be sent as they are."));
}

struct Arguments {
  std::vector<MemoryBlock> mem_blks;
};

constexpr auto fields_of(const Arguments*) {
  return fields(field<"mem-blks", &Arguments::mem_blks>(
      "What to do, in this order; a block may appear several times."));
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
          "What became of it: `not-found` without such a block, `operation-not-supported` when "
          "the kernel can never do it, `operation-failed` when it could not now."),
      field<"error-code", &BlockResponse::error_code>(
          "The system's number for the reason (on Linux errno), unless it was a success."));
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
        "Takes memory blocks into service and out of it, each whatever becomes of the others, and "
        "returns what became of each. What is already as wanted is a success. Taking a block out "
        "of service moves what lies in it and can take long; it fails when something there cannot "
        "be moved.",
    .since = "2.3",
    .systems = Systems::on_linux,
    .access = Access::write,
    .runs = Runs::worker,
});

}  // namespace bellhop::commands
