// The machine's memory blocks: the pieces in which memory is taken in and out of service.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "base/error.h"

namespace bellhop::platform {

struct MemoryBlock {
  std::uint64_t phys_index;  // the block's number; its memory begins at phys_index * block size
  bool online;
  bool can_offline;  // what the system says of it; it may refuse nevertheless
};

// All blocks, by number; those that are gone or whose state the system does not tell at this
// moment are left out; when none is left, it is the error of the first. Empty when the system's
// kernel has no blocks of memory. `system_root` is the directory that holds the system's /sys.
Result<std::vector<MemoryBlock>> memory_blocks(const std::filesystem::path& system_root);

// What became of an attempt to change a block.
struct MemoryBlockChange {
  enum class Outcome { success, not_found, not_supported, failed };
  Outcome outcome = Outcome::success;
  int error_number = 0;  // the operating system's (errno, GetLastError()), unless a success
};

// Takes a block into service or out of it; nothing happens when it is so already. Waits for as
// long as the system needs to move what lies in a block that goes.
MemoryBlockChange set_memory_block_online(const std::filesystem::path& system_root,
                                          std::uint64_t phys_index, bool online);

// The size of every block, in bytes.
Result<std::uint64_t> memory_block_size(const std::filesystem::path& system_root);

}  // namespace bellhop::platform
