// SPDX-License-Identifier: Apache-2.0
#include "wire/json_writer.h"

#include <fmt/format.h>

#include <charconv>
#include <iterator>
#include <vector>

#include "wire/base64.h"
#include "wire/utf8.h"

namespace bellhop::wire {
namespace {

constexpr char32_t replacement = 0xFFFD;

bool is_verbatim(char c) {
  return c >= 0x20 && c < 0x7F && c != '"' && c != '\\';
}

// The first byte that must be escaped.
const char* find_special(const char* at, const char* end) {
  constexpr std::ptrdiff_t block = 32;
  while (end - at >= block) {
    unsigned char special = 0;
    for (std::ptrdiff_t i = 0; i < block; ++i) {
      const auto byte = static_cast<unsigned char>(at[i]);
      special |= static_cast<unsigned char>((byte < 0x20) | (byte >= 0x7F) | (byte == '"') |
                                            (byte == '\\'));
    }
    if (special != 0) break;
    at += block;
  }
  while (at != end && is_verbatim(*at)) ++at;
  return at;
}

void append_unit(std::string& out, char32_t unit) {
  constexpr char digits[] = "0123456789ABCDEF";
  out += "\\u";
  for (int shift = 12; shift >= 0; shift -= 4) out += digits[unit >> shift & 0xF];
}

void append_escaped(std::string& out, char32_t code_point) {
  switch (code_point) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\b':
      out += "\\b";
      return;
    case '\f':
      out += "\\f";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      break;
  }
  if (code_point < 0x10000) {
    append_unit(out, code_point);
  } else {
    append_unit(out, 0xD800 + ((code_point - 0x10000) >> 10));
    append_unit(out, 0xDC00 + ((code_point - 0x10000) & 0x3FF));
  }
}

void append_string(std::string& out, std::string_view text) {
  const char* at = text.data();
  const char* const end = at + text.size();
  out += '"';
  while (at != end) {
    const char* const special = find_special(at, end);
    out.append(at, special);
    at = special;
    if (at == end) break;
    const utf8::Sequence sequence = utf8::decode({at, end});
    append_escaped(out, sequence.valid ? sequence.code_point : replacement);
    at += sequence.length;
  }
  out += '"';
}

}  // namespace

void JsonWriter::separate() {
  if (needs_comma_) out_ += ", ";
  needs_comma_ = true;
}

void JsonWriter::begin_object() {
  separate();
  out_ += '{';
  needs_comma_ = false;
}

void JsonWriter::key(std::string_view name) {
  string(name);
  out_ += ": ";
  needs_comma_ = false;
}

void JsonWriter::end_object() {
  out_ += '}';
  needs_comma_ = true;
}

void JsonWriter::begin_array() {
  separate();
  out_ += '[';
  needs_comma_ = false;
}

void JsonWriter::end_array() {
  out_ += ']';
  needs_comma_ = true;
}

void JsonWriter::null() {
  separate();
  out_ += "null";
}

void JsonWriter::boolean(bool value) {
  separate();
  out_ += value ? "true" : "false";
}

void JsonWriter::integer(std::int64_t value) {
  separate();
  fmt::format_to(std::back_inserter(out_), "{}", value);
}

void JsonWriter::unsigned_integer(std::uint64_t value) {
  separate();
  fmt::format_to(std::back_inserter(out_), "{}", value);
}

void JsonWriter::real(double value) {
  separate();
  char text[32];  // 17 digits, sign, point, exponent
  const auto [end, error] =
      std::to_chars(std::begin(text), std::end(text), value, std::chars_format::general, 17);
  out_.append(text, end);
}

void JsonWriter::string(std::string_view text) {
  separate();
  append_string(out_, text);
}

void JsonWriter::begin_base64() {
  separate();
  out_ += '"';
}

void JsonWriter::base64_piece(std::span<const std::byte> bytes) {
  base64::append_encoded(out_, bytes);
}

void JsonWriter::end_base64() {
  out_ += '"';
}

// Does not recurse, because the client chooses the nesting depth.
void JsonWriter::value(Value value) {
  struct Open {
    std::uint32_t end;
    bool object;
    bool after_key;
  };
  std::vector<Open> open;
  const std::uint32_t end = value.end();
  for (std::uint32_t at = value.index(); at < end; ++at) {
    const Value here = value.at(at);
    if (!open.empty() && open.back().object) {
      open.back().after_key = !open.back().after_key;
      if (open.back().after_key) {
        key(here.string());
        continue;
      }
    }
    if (here.is(Kind::array) || here.is(Kind::object)) {
      const bool object = here.is(Kind::object);
      object ? begin_object() : begin_array();
      open.push_back({here.end(), object, false});
    } else {
      scalar(here);
    }
    for (; !open.empty() && open.back().end == at + 1; open.pop_back()) {
      open.back().object ? end_object() : end_array();
    }
  }
}

void JsonWriter::scalar(Value value) {
  switch (value.kind()) {
    case Kind::boolean:
      return boolean(value.boolean());
    case Kind::integer:
      return integer(value.integer());
    case Kind::unsigned_integer:
      return unsigned_integer(value.unsigned_integer());
    case Kind::real:
      return real(value.real());
    case Kind::string:
      return string(value.string());
    default:
      return null();
  }
}

bool JsonWriter::flush_if_large() {
  if (!drain_ || out_.size() <= drain_threshold) return true;
  return drain_(out_);
}

}  // namespace bellhop::wire
