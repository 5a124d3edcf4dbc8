// SPDX-License-Identifier: Apache-2.0
// Splits the bytes of a channel into messages.
#pragma once

#include <cstddef>
#include <expected>
#include <optional>
#include <span>

#include "base/error.h"
#include "wire/buffer.h"
#include "wire/json_reader.h"
#include "wire/lexer.h"
#include "wire/value.h"

namespace bellhop::wire {

// One per channel. The channel reads directly into its buffer, each byte is scanned once, and a
// large message becomes a Document without a copy. The limits of one message bound the memory:
// white space and discarded tokens are not kept.
class Framer {
 public:
  Framer() = default;
  Framer(const Framer&) = delete;
  Framer& operator=(const Framer&) = delete;

  // Returns room for input, at least `minimum` bytes. Valid until the next call of a member.
  std::span<char> prepare(std::size_t minimum);
  // Appends the first `n` bytes of that room to the input.
  void commit(std::size_t n) { end_ += n; }

  // Returns the next complete message, or an error that must be answered. nullopt: more input is
  // needed.
  std::optional<std::expected<Document, Error>> next();

  // Call it when the client disconnects: drops all input. Line and column counts continue.
  void reset();

  // True if there is no partial message and no unread input. A framer that skips bytes after an
  // invalid token is idle: they are part of no message.
  bool idle() const { return reader_.idle() && lexer_.pending() == 0 && at_ == end_; }

  // Size of the buffer in bytes.
  std::size_t capacity() const { return buffer_.capacity(); }

 private:
  std::size_t tail_begin() const;
  void compact(std::size_t minimum);
  void release_unused();
  Document make_document(JsonReader::Message message);
  Buffer::Memory take_text(std::size_t size);

  // The decoded strings of the partial message, a hole, the pending token up to at_, unread input
  // up to end_, free room.
  Buffer buffer_;
  std::size_t at_ = 0;
  std::size_t end_ = 0;
  Lexer lexer_;
  JsonReader reader_;
};

}  // namespace bellhop::wire
