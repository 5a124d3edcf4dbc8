// SPDX-License-Identifier: Apache-2.0
// Base64 (RFC 4648, section 4), vectorised. Irregular text decodes as in qemu-ga.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>

namespace bellhop::wire::base64 {

// Number of characters that encode `bytes` bytes, with padding and without line breaks.
constexpr std::size_t encoded_size(std::size_t bytes) {
  return (bytes + 2) / 3 * 4;
}

// Appends the base64 of `bytes` to `out`, padded, without line breaks.
void append_encoded(std::string& out, std::span<const std::byte> bytes);

// Decodes `text` in place and returns the decoded bytes, which start at `text.data()`.
// nullopt if `text` contains anything except the alphabet, '=' and line feeds; `text` is then
// partly overwritten.
//
// Irregular text decodes as in qemu-ga. Line feeds are ignored. Each group of four characters
// yields three bytes; '=' has the value 0. Without the second byte if the third character is '=',
// without the third byte if the fourth character is '=', at any position in the text. One to three
// characters left at the end yield nothing.
std::optional<std::span<std::byte>> decode_in_place(std::span<char> text);

}  // namespace bellhop::wire::base64
