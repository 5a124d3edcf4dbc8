// Interface of the base64 implementations for different processors. For base64*.cpp and their tests
// only.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace bellhop::wire::base64 {

// Encodes and decodes runs of whole blocks, without padding and line feeds.
struct Implementation {
  const char* name;
  // True if this processor supports it.
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

// The implementations for a processor family, fastest first; empty if built for another family.
std::span<const Implementation> x86_implementations();
std::span<const Implementation> neon_implementations();
const Implementation& scalar_implementation();

// All implementations that this processor supports, fastest first; the scalar one is last.
std::vector<const Implementation*> available_implementations();

void append_encoded(const Implementation& implementation, std::string& out,
                    std::span<const std::byte> bytes);
std::optional<std::span<std::byte>> decode_in_place(const Implementation& implementation,
                                                    std::span<char> text);

}  // namespace bellhop::wire::base64
