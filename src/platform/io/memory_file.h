// SPDX-License-Identifier: Apache-2.0
// An in-memory file: one program writes it, its successor in the same process reads it.
#pragma once

#include <cstddef>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "platform/io/handle.h"

namespace bellhop::platform {

// Its content never reaches a disk, which may be frozen. It is freed when its last fd is closed.
class MemoryFile {
 public:
  // Fails where the operating system does not support in-memory files.
  static Result<MemoryFile> create();

  Result<void> append(std::string_view bytes);
  // Makes the file immutable.
  Result<void> seal();

  NativeHandle descriptor() const { return fd_.get(); }

 private:
  explicit MemoryFile(Handle fd) : fd_(std::move(fd)) {}
  Handle fd_;
};

// The content of a sealed memory file.
class SealedMemory {
 public:
  // Maps the file that an earlier program of this process left open. Fails when `fd` is not a
  // memory file or is not sealed.
  static Result<SealedMemory> open(Handle fd);

  SealedMemory(SealedMemory&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  SealedMemory& operator=(SealedMemory&&) = delete;
  ~SealedMemory();

  // Valid for the lifetime of this object.
  std::string_view bytes() const { return {static_cast<const char*>(data_), size_}; }

 private:
  SealedMemory(const void* data, std::size_t size) : data_(data), size_(size) {}
  const void* data_;
  std::size_t size_;
};

}  // namespace bellhop::platform
