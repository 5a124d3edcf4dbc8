// SPDX-License-Identifier: Apache-2.0
#include "wire/base64.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>

#include "wire/base64_vectors.h"

namespace bellhop::wire::base64 {
namespace {

constexpr std::string_view alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

// A character's value is 0 to 63, or one of these markers. The low six bits of `padding` are 0.
constexpr std::uint8_t padding = 64;
constexpr std::uint8_t line_feed = 128;
constexpr std::uint8_t not_base64 = 192;

constexpr std::array<std::uint8_t, 256> character_values = [] {
  std::array<std::uint8_t, 256> values{};
  values.fill(not_base64);
  for (std::uint8_t i = 0; i < 64; ++i) values[static_cast<unsigned char>(alphabet[i])] = i;
  values['='] = padding;
  values['\n'] = line_feed;
  return values;
}();

std::uint8_t value_of(char character) {
  return character_values[static_cast<unsigned char>(character)];
}

const Vectors& best() {
  return *std::ranges::find_if(all_vectors(), [](const Vectors& each) { return each.available(); });
}

// Encodes the first three bytes, or the last one or two with padding.
void encode_group(std::span<const std::byte> bytes, char* out) {
  const auto byte = [&](std::size_t i) {
    return i < bytes.size() ? std::to_integer<std::uint32_t>(bytes[i]) : 0;
  };
  const std::uint32_t group = byte(0) << 16 | byte(1) << 8 | byte(2);
  out[0] = alphabet[group >> 18];
  out[1] = alphabet[group >> 12 & 63];
  out[2] = bytes.size() > 1 ? alphabet[group >> 6 & 63] : '=';
  out[3] = bytes.size() > 2 ? alphabet[group & 63] : '=';
}

}  // namespace

void append_encoded(const Vectors& vectors, std::string& out, std::span<const std::byte> bytes) {
  const std::size_t before = out.size();
  const std::size_t after = before + encoded_size(bytes.size());
  // resize() would write zeros first. libstdc++ 12 passes the capacity as the size, so the lambda
  // uses `after`.
  out.resize_and_overwrite(after, [&](char* text, std::size_t) {
    char* const at = text + before;
    for (std::size_t done = vectors.encode(bytes, at); done < bytes.size(); done += 3) {
      encode_group(bytes.subspan(done), at + done / 3 * 4);
    }
    return after;
  });
}

std::optional<std::span<std::byte>> decode_in_place(const Vectors& vectors, std::span<char> text) {
  std::byte* const out = reinterpret_cast<std::byte*>(text.data());
  std::size_t read = 0;
  std::size_t written = 0;  // <= read: output never overwrites unread input
  for (;;) {
    const std::size_t decoded = vectors.decode(text.subspan(read), out + written);
    read += decoded;
    written += decoded / 4 * 3;

    // Groups that do not fill a block.
    for (; text.size() - read >= 4; read += 4) {
      const std::uint32_t a = value_of(text[read]);
      const std::uint32_t b = value_of(text[read + 1]);
      const std::uint32_t c = value_of(text[read + 2]);
      const std::uint32_t d = value_of(text[read + 3]);
      if ((a | b | c | d) > 63) break;
      out[written++] = static_cast<std::byte>(a << 2 | b >> 4);
      out[written++] = static_cast<std::byte>((b & 15) << 4 | c >> 2);
      out[written++] = static_cast<std::byte>((c & 3) << 6 | d);
    }

    // A group with padding, or with line feeds before or between its characters.
    std::array<std::uint8_t, 4> values{};
    for (std::uint8_t& value : values) {
      do {
        if (read == text.size()) return std::span(out, written);
        value = value_of(text[read++]);
      } while (value == line_feed);
      if (value == not_base64) return std::nullopt;
    }
    std::uint32_t group = 0;
    for (const std::uint8_t value : values) group = group << 6 | (value & 63U);
    out[written++] = static_cast<std::byte>(group >> 16);
    if (values[2] != padding) out[written++] = static_cast<std::byte>(group >> 8 & 255);
    if (values[3] != padding) out[written++] = static_cast<std::byte>(group & 255);
  }
}

void append_encoded(std::string& out, std::span<const std::byte> bytes) {
  append_encoded(best(), out, bytes);
}

std::optional<std::span<std::byte>> decode_in_place(std::span<char> text) {
  return decode_in_place(best(), text);
}

}  // namespace bellhop::wire::base64
