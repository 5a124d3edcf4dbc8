// SPDX-License-Identifier: Apache-2.0
// Base64 with the vector instructions of a processor. For base64.cpp and its tests only.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>

namespace bellhop::wire::base64 {

// Encodes and decodes whole blocks, without padding and line feeds.
struct Vectors {
  const char* name;  // of the instructions: "avx2", "ssse3", "neon"; "none"
  // True if this processor has them.
  bool (*available)();
  // Encodes whole blocks from the front, 4 characters per 3 bytes. Returns the number of encoded
  // bytes, a multiple of 3. Bytes that do not fill a block remain.
  std::size_t (*encode)(std::span<const std::byte> bytes, char* out);
  // Decodes whole blocks from the front, 3 bytes per 4 characters. Returns the number of decoded
  // characters, a multiple of 4. Stops before a block that contains a character outside the
  // alphabet and before an incomplete block. Writes up to one byte per character read, so `out` may
  // start at or before `text`, but not after it.
  std::size_t (*decode)(std::span<const char> text, std::byte* out);
};

// Fastest first. The last is "none", which is available on every processor and handles no block.
std::span<const Vectors> all_vectors();

void append_encoded(const Vectors& vectors, std::string& out, std::span<const std::byte> bytes);
std::optional<std::span<std::byte>> decode_in_place(const Vectors& vectors, std::span<char> text);

}  // namespace bellhop::wire::base64
