// Writes JSON as qemu-ga does: ", " and ": " between, ASCII only.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "wire/value.h"

namespace bellhop::wire {

// Appends one JSON value to a string. The calls must nest as JSON does; nothing checks it.
//
// A writer with a drain can write values larger than memory should hold: when more than
// `drain_threshold` bytes are waiting, flush_if_large() hands them over.
class JsonWriter {
 public:
  // Takes the bytes out of its argument and leaves it empty; may wait until the receiver has
  // room. Returns false when there is nobody to receive them any more.
  using Drain = std::function<bool(std::string&)>;

  static constexpr std::size_t drain_threshold = 256 * 1024;

  explicit JsonWriter(std::string& out, Drain drain = {}) : out_(out), drain_(std::move(drain)) {}

  void begin_object();
  void key(std::string_view name);
  void end_object();
  void begin_array();
  void end_array();

  void null();
  void boolean(bool value);
  void integer(std::int64_t value);
  void unsigned_integer(std::uint64_t value);
  void real(double value);  // as printf's %.17g, so infinities are no JSON
  // `text` should be UTF-8; each invalid sequence is written as U+FFFD.
  void string(std::string_view text);
  // A string of base64, in one piece or many: begin, any number of pieces, end. A piece that is
  // not the last must be a multiple of 3 bytes long.
  void begin_base64();
  void base64_piece(std::span<const std::byte> bytes);
  void end_base64();
  void value(Value value);  // any value, as it was read

  // False when the receiver is gone: what is still to come need not be made.
  bool flush_if_large();

 private:
  void separate();
  void scalar(Value value);

  std::string& out_;
  Drain drain_;
  bool needs_comma_ = false;
};

}  // namespace bellhop::wire
