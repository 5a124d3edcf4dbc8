// UTF-8 as qemu-ga takes it: C0 80 stands for NUL, noncharacters are not accepted.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace bellhop::wire::utf8 {

// One character, or one invalid sequence that stands for one.
struct Sequence {
  char32_t code_point;
  bool valid;
  std::size_t length;  // bytes, at least 1
};

// The sequence at the beginning of `text`, which must not be empty.
// A plain NUL is valid; C0 80 is the one overlong form that is. Surrogates, U+FFFE and U+FFFF of
// any plane, U+FDD0 to U+FDEF and what is above U+10FFFF are invalid.
Sequence decode(std::string_view text);

// Whether a code point may stand in a string.
bool is_character(char32_t code_point);

// Writes 1 to 4 bytes, NUL as C0 80, and returns the end.
char* encode(char* out, char32_t code_point);

// Whether all of `text` is valid.
bool is_valid(std::string_view text);

}  // namespace bellhop::wire::utf8
