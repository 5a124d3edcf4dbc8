// A growing piece of memory whose bytes nobody initialises.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <memory>
#include <utility>

namespace bellhop::wire {

// Growing keeps the bytes; large ones are remapped by the C library, not copied.
class Buffer {
 public:
  using Memory = std::unique_ptr<char[], void (*)(void*)>;

  Buffer() = default;
  explicit Buffer(std::size_t capacity) { grow(capacity); }

  char* data() { return memory_.get(); }
  const char* data() const { return memory_.get(); }
  std::size_t capacity() const { return capacity_; }

  // Makes the capacity what is asked for, which must not be less than it is. Without memory the
  // process ends.
  void grow(std::size_t capacity) {
    void* const grown = std::realloc(memory_.get(), capacity);
    if (!grown) std::abort();
    static_cast<void>(memory_.release());
    memory_.reset(static_cast<char*>(grown));
    capacity_ = capacity;
  }

  // Hands the memory over and is empty then.
  Memory release() {
    capacity_ = 0;
    return std::exchange(memory_, Memory(nullptr, std::free));
  }

 private:
  Memory memory_{nullptr, std::free};
  std::size_t capacity_ = 0;
};

}  // namespace bellhop::wire
