// Base64 in arguments and replies, without copies.
#pragma once

#include <cstddef>
#include <functional>
#include <span>

#include "base/error.h"

namespace bellhop {

// An argument with bytes as base64. The text is in the request and is decoded in place.
class Base64Argument {
 public:
  Base64Argument() = default;
  explicit Base64Argument(std::span<char> text) : text_(text) {}

  // Returns the bytes, which are valid for the lifetime of the request. Call it once: it overwrites
  // the text. Fails with qemu-ga's message if the text is not base64.
  Result<std::span<const std::byte>> decode() const;

 private:
  std::span<char> text_;
};

// A reply member with bytes as base64, read in pieces while the reply is written, so that memory
// use does not depend on the size.
struct Base64Stream {
  // Returns the next piece, empty at the end. The piece stays valid until the next call. Called on
  // the thread that runs the command; may block. The size of every piece but the last is a multiple
  // of 3 bytes.
  std::function<std::span<const std::byte>()> next;
};

// A reply member whose value is computed after the members before it have been written.
template <class T>
struct Late {
  std::function<T()> value;
};

}  // namespace bellhop
