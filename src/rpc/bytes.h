// Base64 in arguments and replies, without copies.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "base/error.h"

namespace bellhop {

// An argument that carries bytes as base64. The text lies in the request and is decoded there.
class Base64Argument {
 public:
  Base64Argument() = default;
  explicit Base64Argument(std::span<char> text) : text_(text) {}

  // The bytes; valid as long as the request. May be called once: it overwrites the text.
  // Fails with qemu-ga's message when the text is not base64.
  Result<std::span<const std::byte>> decode() const;

 private:
  std::span<char> text_;
};

// A reply member that carries bytes as base64: bytes at hand.
struct Base64Bytes {
  std::string bytes;
};

// A reply member that carries bytes as base64, pulled piece by piece while the reply is written,
// so that memory does not grow with their number.
struct Base64Stream {
  // Returns the next piece, empty at the end. The piece stays valid until the next call. Called
  // on the command's own thread; may block. Pieces but the last are a multiple of 3 bytes long.
  std::function<std::span<const std::byte>()> next;
};

// A reply member whose value is known only when the members before it have been written.
template <class T>
struct Late {
  std::function<T()> value;
};

}  // namespace bellhop
