// SPDX-License-Identifier: Apache-2.0
#include "wire/string_literal.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <optional>

#include "base/text.h"
#include "wire/utf8.h"

namespace bellhop::wire {
namespace {

bool is_high_surrogate(char32_t unit) {
  return unit >= 0xD800 && unit <= 0xDBFF;
}
bool is_low_surrogate(char32_t unit) {
  return unit >= 0xDC00 && unit <= 0xDFFF;
}

// The byte that a backslash and `c` encode.
std::optional<char> simple_escape(char c) {
  switch (c) {
    case '"':
    case '\'':
    case '\\':
    case '/':
      return c;
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    default:
      return std::nullopt;
  }
}

// The UTF-16 unit of an escape \uXXXX at the start of `text`.
std::optional<char32_t> unicode_escape(std::string_view text) {
  if (!text.starts_with("\\u") || text.size() < 6) return std::nullopt;
  return text::parse_number<std::uint16_t>(text.substr(2, 4), 16);
}

class Decoder {
 public:
  Decoder(std::string_view literal, char* out) : rest_(literal.substr(1)), out_(out) {}

  // Consumes one escape or a run of bytes without escapes. Returns the error's text, or nothing.
  std::optional<std::string> consume() {
    if (rest_[0] == '\\') return rest_[1] == 'u' ? consume_unicode() : consume_simple();
    return consume_run();
  }

  bool done() const { return rest_.size() == 1; }
  char* out() const { return out_; }

 private:
  std::optional<std::string> consume_run() {
    const std::string_view run = rest_.substr(0, std::min(rest_.find('\\'), rest_.size() - 1));
    if (!utf8::is_valid(run)) return "invalid UTF-8 sequence in string";
    std::memmove(out_, run.data(), run.size());
    out_ += run.size();
    rest_.remove_prefix(run.size());
    return std::nullopt;
  }

  std::optional<std::string> consume_simple() {
    const std::optional<char> byte = simple_escape(rest_[1]);
    if (!byte) return "invalid escape sequence in string";
    *out_++ = *byte;
    rest_.remove_prefix(2);
    return std::nullopt;
  }

  std::optional<std::string> consume_unicode() {
    const std::optional<char32_t> unit = unicode_escape(rest_);
    std::size_t length = 6;
    char32_t code_point = unit.value_or(0);
    if (unit && is_high_surrogate(*unit)) {
      const std::optional<char32_t> low = unicode_escape(rest_.substr(length));
      if (low && is_low_surrogate(*low)) {
        code_point = 0x10000 + ((*unit & 0x3FF) << 10) + (*low & 0x3FF);
        length *= 2;
      }
    }
    if (!unit || !utf8::is_character(code_point)) {
      return std::string(rest_.substr(0, length)) + " is not a valid Unicode character";
    }
    out_ = utf8::encode(out_, code_point);
    rest_.remove_prefix(length);
    return std::nullopt;
  }

  std::string_view rest_;  // includes the closing quote
  char* out_;
};

}  // namespace

std::expected<std::size_t, std::string> decode_string_literal(std::string_view literal, char* out) {
  Decoder decoder(literal, out);
  while (!decoder.done()) {
    if (auto error = decoder.consume()) return std::unexpected(*std::move(error));
  }
  return static_cast<std::size_t>(decoder.out() - out);
}

}  // namespace bellhop::wire
