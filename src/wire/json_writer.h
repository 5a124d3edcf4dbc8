// SPDX-License-Identifier: Apache-2.0
// Writes JSON in qemu-ga's format: the separators are ", " and ": ", the text is ASCII.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "wire/value.h"

namespace bellhop::wire {

// Appends one JSON value to a string. The caller must nest the calls correctly; they are not
// checked.
//
// With a drain, the string need not contain the whole value: if it has more than `drain_threshold`
// bytes, flush_if_large() passes them to the drain.
class JsonWriter {
 public:
  // Moves the bytes out of its argument and leaves it empty. May block until the receiver has room.
  // Returns false if the receiver is gone.
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
  void real(double value);  // as printf("%.17g"): an infinity is not valid JSON
  // `text` should be UTF-8; each invalid sequence is written as U+FFFD.
  void string(std::string_view text);
  // A base64 string: begin, any number of pieces, end. The length of every piece except the last
  // must be a multiple of 3 bytes.
  void begin_base64();
  void base64_piece(std::span<const std::byte> bytes);
  void end_base64();
  void value(Value value);  // a value of a document

  // Returns false if the receiver is gone: the caller need not produce the rest.
  bool flush_if_large();

 private:
  void separate();
  void scalar(Value value);

  std::string& out_;
  Drain drain_;
  bool needs_comma_ = false;
};

}  // namespace bellhop::wire
