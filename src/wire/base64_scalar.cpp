// Base64 without vectors: for every processor, and for what the vector implementations leave.
#include <cstdint>

#include "wire/base64_alphabet.h"
#include "wire/base64_implementation.h"

namespace bellhop::wire::base64 {
namespace {

std::size_t encode(std::span<const std::byte> bytes, char* out) {
  const std::size_t whole = bytes.size() / 3 * 3;
  for (std::size_t i = 0; i < whole; i += 3) {
    const std::uint32_t group = std::to_integer<std::uint32_t>(bytes[i]) << 16 |
                                std::to_integer<std::uint32_t>(bytes[i + 1]) << 8 |
                                std::to_integer<std::uint32_t>(bytes[i + 2]);
    *out++ = alphabet[group >> 18];
    *out++ = alphabet[group >> 12 & 63];
    *out++ = alphabet[group >> 6 & 63];
    *out++ = alphabet[group & 63];
  }
  return whole;
}

std::size_t decode(std::span<const char> text, std::byte* out) {
  std::size_t i = 0;
  for (; text.size() - i >= 4; i += 4) {
    const std::uint32_t a = value_of(text[i]);
    const std::uint32_t b = value_of(text[i + 1]);
    const std::uint32_t c = value_of(text[i + 2]);
    const std::uint32_t d = value_of(text[i + 3]);
    if ((a | b | c | d) > 63) break;
    *out++ = static_cast<std::byte>(a << 2 | b >> 4);
    *out++ = static_cast<std::byte>((b & 15) << 4 | c >> 2);
    *out++ = static_cast<std::byte>((c & 3) << 6 | d);
  }
  return i;
}

}  // namespace

const Implementation& scalar_implementation() {
  static constexpr Implementation scalar{"scalar", [] { return true; }, encode, decode};
  return scalar;
}

}  // namespace bellhop::wire::base64
