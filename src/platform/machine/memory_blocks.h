// SPDX-License-Identifier: Apache-2.0
// Memory blocks: the units in which memory is taken online and offline.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "base/error.h"

namespace bellhop::platform {

struct MemoryBlock {
  std::uint64_t phys_index;  // block number; the block starts at phys_index * block size
  bool online;
  bool can_offline;  // as the kernel reports it; the kernel may still refuse
};

// All blocks, in ascending order. Blocks that have disappeared or whose state cannot be read are
// left out; if no block remains, returns the error of the first one. Empty if the kernel has no
// memory blocks. `system_root` contains /sys.
Result<std::vector<MemoryBlock>> memory_blocks(const std::filesystem::path& system_root);

// The result of a change to a block.
struct MemoryBlockChange {
  enum class Outcome { success, not_found, not_supported, failed };
  Outcome outcome = Outcome::success;
  int error_number = 0;  // of the operating system (errno, GetLastError()); 0 on success
};

// Takes a block online or offline; does nothing if it is already in that state. Blocks until the
// kernel has moved the contents of a block that goes offline.
MemoryBlockChange set_memory_block_online(const std::filesystem::path& system_root,
                                          std::uint64_t phys_index, bool online);

// The size of each block, in bytes.
Result<std::uint64_t> memory_block_size(const std::filesystem::path& system_root);

}  // namespace bellhop::platform
