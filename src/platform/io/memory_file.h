// A file that is only in memory: one program writes it, the next one in the same process reads it.
#pragma once

#include <cstddef>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "platform/io/handle.h"

namespace bellhop::platform {

// What is written never reaches a disk, which may be frozen, and is gone with its last descriptor.
class MemoryFile {
 public:
  // Fails where the system has no such files.
  static Result<MemoryFile> create();

  Result<void> append(std::string_view bytes);
  // From now on nobody can change the file.
  Result<void> seal();

  int descriptor() const { return fd_.get(); }

 private:
  explicit MemoryFile(Handle fd) : fd_(std::move(fd)) {}
  Handle fd_;
};

// The content of a memory file that its writer has sealed.
class SealedMemory {
 public:
  // Takes the file that an earlier program in this process has left open. Fails when `fd` is
  // something else, or when it could still be changed.
  static Result<SealedMemory> open(Handle fd);

  SealedMemory(SealedMemory&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  SealedMemory& operator=(SealedMemory&&) = delete;
  ~SealedMemory();

  // Valid as long as this object lives.
  std::string_view bytes() const { return {static_cast<const char*>(data_), size_}; }

 private:
  SealedMemory(const void* data, std::size_t size) : data_(data), size_(size) {}
  const void* data_;
  std::size_t size_;
};

}  // namespace bellhop::platform
