// Memory that a forked child shares with the agent.
#pragma once

#include <sys/mman.h>

#include <cerrno>
#include <cstddef>
#include <utility>

#include "base/error.h"

namespace bellhop::platform {

// Initially zero. Pages that are never written use no memory.
class SharedMemory {
 public:
  static Result<SharedMemory> create(std::size_t size) {
    void* data = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (data == MAP_FAILED) return system_failure(errno, "cannot share memory with a process");
    return SharedMemory(data, size);
  }
  SharedMemory(SharedMemory&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)), size_(other.size_) {}
  SharedMemory& operator=(SharedMemory&&) = delete;
  ~SharedMemory() {
    if (data_) ::munmap(data_, size_);
  }

  void* data() const { return data_; }
  std::size_t size() const { return size_; }

 private:
  SharedMemory(void* data, std::size_t size) : data_(data), size_(size) {}
  void* data_;
  std::size_t size_;
};

}  // namespace bellhop::platform
