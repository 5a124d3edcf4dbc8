// Base64 as qemu-ga speaks it, at memory speed (RFC 4648, section 4).
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>

namespace bellhop::wire::base64 {

// Characters that `bytes` bytes take, with padding and without line breaks.
constexpr std::size_t encoded_size(std::size_t bytes) {
  return (bytes + 2) / 3 * 4;
}

// Appends the base64 of `bytes` to `out`, padded, without line breaks.
void append_encoded(std::string& out, std::span<const std::byte> bytes);

// Decodes `text` where it is and returns the decoded bytes, which begin where `text` does.
// nullopt when it holds anything but the alphabet, '=' and line feeds; `text` is then partly
// overwritten.
//
// What that makes of irregular text is what qemu-ga makes of it: line feeds count for nothing;
// four characters at a time give three bytes, '=' having the value 0, less the second byte when
// the third character is '=' and the third byte when the fourth is, wherever in the text that
// happens; one to three characters left over at the end give nothing.
std::optional<std::span<std::byte>> decode_in_place(std::span<char> text);

// The implementation that the processor allows: "avx2", "ssse3", "neon" or "scalar".
const char* implementation();

}  // namespace bellhop::wire::base64
