// From the bytes of a channel to messages.
#pragma once

#include <cstddef>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/error.h"
#include "wire/buffer.h"
#include "wire/json_reader.h"
#include "wire/lexer.h"
#include "wire/value.h"

namespace bellhop::wire {

// One for each channel. Bytes are read straight into it, looked at once, and those of a large
// message become its Document without a copy. Memory is bounded by the limits of a message: white
// space and discarded tokens are not kept.
class Framer {
 public:
  Framer() = default;
  Framer(const Framer&) = delete;
  Framer& operator=(const Framer&) = delete;

  // Room for input, at least `minimum` bytes, valid until the next call of a member.
  std::span<char> prepare(std::size_t minimum);
  // The first `n` bytes of the room have been filled.
  void commit(std::size_t n) { end_ += n; }

  // The next complete message, or an error that must be answered; nullopt: more bytes are needed.
  std::optional<std::expected<Document, Error>> next();

  // The client left: forgets snapshot input. Lines and columns are counted on.
  void reset();

  // What a client has sent of messages that are not taken yet, and what was counted.
  struct Snapshot {
    std::string message;  // JSON, the complete tokens of the message that has begun
    std::string rest;     // the bytes that follow: of an snapshot token, and not looked at
    Lexer::Snapshot lexer = {};
    JsonReader::Counts counts = {};
  };
  Snapshot snapshot() const;
  // Goes on with what another framer has left; for one that has taken nothing yet. False, and the
  // input is forgotten, when it makes no sense.
  bool restore(const Snapshot& snapshot);

  // Whether no message has begun.
  bool idle() const { return reader_.idle() && lexer_.pending() == 0 && at_ == end_; }

  // Bytes of memory that are held.
  std::size_t capacity() const { return buffer_.capacity(); }

 private:
  void append(std::string_view bytes);
  std::size_t kept_from() const;
  void compact(std::size_t minimum);
  void release_unused();
  Document make_document(JsonReader::Message message);
  Buffer::Memory take_text(std::size_t size);

  // The buffer: strings of the message so far, a hole, the snapshot token up to at_, bytes not
  // looked at up to end_, room.
  Buffer buffer_;
  std::size_t at_ = 0;
  std::size_t end_ = 0;
  Lexer lexer_;
  JsonReader reader_;
};

}  // namespace bellhop::wire
