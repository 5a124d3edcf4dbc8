// SPDX-License-Identifier: Apache-2.0
#include "platform/machine/memory_blocks.h"
#include "platform/unsupported.h"

namespace bellhop::platform {

Result<std::vector<MemoryBlock>> memory_blocks(const std::filesystem::path&) {
  return unsupported();
}

MemoryBlockChange set_memory_block_online(const std::filesystem::path&, std::uint64_t, bool) {
  return {MemoryBlockChange::Outcome::not_supported,
          static_cast<int>(std::errc::function_not_supported)};
}

Result<std::uint64_t> memory_block_size(const std::filesystem::path&) {
  return unsupported();
}

}  // namespace bellhop::platform
