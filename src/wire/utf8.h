// SPDX-License-Identifier: Apache-2.0
// UTF-8 as qemu-ga accepts it: C0 80 encodes NUL, noncharacters are invalid.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace bellhop::wire::utf8 {

// One character, or one invalid sequence that is replaced as a unit.
struct Sequence {
  char32_t code_point;
  bool valid;
  std::size_t length;  // bytes, at least 1
};

// Decodes the sequence at the start of `text`, which must not be empty.
// A NUL byte is valid. C0 80 is the only valid overlong form. Surrogates, U+FFFE and U+FFFF of any
// plane, U+FDD0 to U+FDEF and code points above U+10FFFF are invalid.
Sequence decode(std::string_view text);

// True if a string may contain the code point.
bool is_character(char32_t code_point);

// Writes 1 to 4 bytes to `out`, NUL as C0 80. Returns the end of what was written.
char* encode(char* out, char32_t code_point);

// True if all of `text` is valid.
bool is_valid(std::string_view text);

}  // namespace bellhop::wire::utf8
