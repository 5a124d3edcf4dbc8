// SPDX-License-Identifier: Apache-2.0
#include "wire/utf8.h"

#include <bit>
#include <cstdint>
#include <cstring>

namespace bellhop::wire::utf8 {
namespace {

// Maximum bytes of a sequence in the original UTF-8 (RFC 2279). Sequences of 5 and 6 bytes are
// invalid, but skipped as a unit.
constexpr int max_sequence = 6;

bool is_continuation(unsigned char byte) {
  return (byte & 0xC0) == 0x80;
}

// The smallest code point that needs a sequence of `length` bytes.
char32_t min_code_point(std::size_t length) {
  return length == 2 ? 0x80 : char32_t{1} << (5 * length - 4);
}

const char* skip_ascii(const char* at, const char* end) {
  constexpr std::uint64_t high_bits = 0x8080808080808080;
  while (end - at >= 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, at, sizeof word);
    if ((word & high_bits) != 0) break;
    at += 8;
  }
  while (at != end && static_cast<unsigned char>(*at) < 0x80) ++at;
  return at;
}

}  // namespace

bool is_character(char32_t code_point) {
  const bool surrogate = code_point >= 0xD800 && code_point <= 0xDFFF;
  const bool noncharacter =
      (code_point >= 0xFDD0 && code_point <= 0xFDEF) || (code_point & 0xFFFE) == 0xFFFE;
  return code_point <= 0x10FFFF && !surrogate && !noncharacter;
}

Sequence decode(std::string_view text) {
  const auto first = static_cast<unsigned char>(text[0]);
  if (first < 0x80) return {first, true, 1};
  const int ones = std::countl_one(first);
  if (ones < 2 || ones > max_sequence) return {0, false, 1};

  const auto length = static_cast<std::size_t>(ones);
  char32_t code_point = first & (0x7FU >> length);
  for (std::size_t i = 1; i < length; ++i) {
    if (i == text.size() || !is_continuation(static_cast<unsigned char>(text[i]))) {
      return {0, false, i};
    }
    code_point = code_point << 6 | (static_cast<unsigned char>(text[i]) & 0x3F);
  }
  const bool overlong = code_point < min_code_point(length) && !(length == 2 && code_point == 0);
  return {code_point, !overlong && length <= 4 && is_character(code_point), length};
}

char* encode(char* out, char32_t code_point) {
  const auto put = [&](char32_t bits) { *out++ = static_cast<char>(bits); };
  const auto put_continuation = [&](int shift) { put(0x80 | (code_point >> shift & 0x3F)); };
  if (code_point < 0x80 && code_point != 0) {
    put(code_point);
  } else if (code_point < 0x800) {
    put(0xC0 | code_point >> 6);
    put_continuation(0);
  } else if (code_point < 0x10000) {
    put(0xE0 | code_point >> 12);
    put_continuation(6);
    put_continuation(0);
  } else {
    put(0xF0 | code_point >> 18);
    put_continuation(12);
    put_continuation(6);
    put_continuation(0);
  }
  return out;
}

bool is_valid(std::string_view text) {
  const char* at = text.data();
  const char* const end = at + text.size();
  while ((at = skip_ascii(at, end)) != end) {
    const Sequence sequence = decode({at, end});
    if (!sequence.valid) return false;
    at += sequence.length;
  }
  return true;
}

}  // namespace bellhop::wire::utf8
