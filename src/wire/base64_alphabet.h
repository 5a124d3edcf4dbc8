// The base64 alphabet (RFC 4648, section 4): tables for both directions.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace bellhop::wire::base64 {

inline constexpr std::string_view alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

// A character's value is 0 to 63, or one of these markers, which are all above 63.
inline constexpr std::uint8_t padding = 64;
inline constexpr std::uint8_t line_feed = 128;
inline constexpr std::uint8_t not_base64 = 192;

inline constexpr std::array<std::uint8_t, 256> character_values = [] {
  std::array<std::uint8_t, 256> values{};
  values.fill(not_base64);
  for (std::size_t i = 0; i < alphabet.size(); ++i) {
    values[static_cast<unsigned char>(alphabet[i])] = static_cast<std::uint8_t>(i);
  }
  values['='] = padding;
  values['\n'] = line_feed;
  return values;
}();

constexpr std::uint8_t value_of(char character) {
  return character_values[static_cast<unsigned char>(character)];
}

}  // namespace bellhop::wire::base64
