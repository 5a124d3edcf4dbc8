// SPDX-License-Identifier: Apache-2.0
// Memory that a forked child shares with the agent.
#pragma once

#include <sys/mman.h>

#include <cerrno>
#include <cstddef>
#include <memory>

#include "base/error.h"

namespace bellhop::platform {

struct Unmap {
  std::size_t size;
  void operator()(void* data) const { ::munmap(data, size); }
};
using SharedMemory = std::unique_ptr<void, Unmap>;

// Initially zero. Pages that are never written use no memory.
inline Result<SharedMemory> share_memory(std::size_t size) {
  void* data = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (data == MAP_FAILED) return system_failure(errno, "cannot share memory with a process");
  return SharedMemory(data, {size});
}

}  // namespace bellhop::platform
