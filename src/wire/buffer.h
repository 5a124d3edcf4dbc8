// SPDX-License-Identifier: Apache-2.0
// A growable buffer of uninitialised bytes.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <memory>
#include <utility>

namespace bellhop::wire {

// Growing keeps the content. The C library remaps a large buffer instead of copying it.
class Buffer {
 public:
  using Memory = std::unique_ptr<char[], void (*)(void*)>;

  Buffer() = default;
  explicit Buffer(std::size_t capacity) { grow(capacity); }

  char* data() { return memory_.get(); }
  const char* data() const { return memory_.get(); }
  std::size_t capacity() const { return capacity_; }

  // Sets the capacity, which must not become smaller. Aborts the process if memory is exhausted.
  void grow(std::size_t capacity) {
    void* const grown = std::realloc(memory_.get(), capacity);
    if (!grown) std::abort();
    static_cast<void>(memory_.release());
    memory_.reset(static_cast<char*>(grown));
    capacity_ = capacity;
  }

  // Passes the memory to the caller; the buffer is empty afterwards.
  Memory release() {
    capacity_ = 0;
    return std::exchange(memory_, Memory(nullptr, std::free));
  }

 private:
  Memory memory_{nullptr, std::free};
  std::size_t capacity_ = 0;
};

}  // namespace bellhop::wire
