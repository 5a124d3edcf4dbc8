// What the implementations of base64 for different processors have in common; for base64*.cpp and
// their tests only.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace bellhop::wire::base64 {

// The fast part of both directions: runs of whole blocks without anything irregular.
struct Implementation {
  const char* name;
  // Whether this processor can run it.
  bool (*available)();
  // Encodes bytes from the front, 4 characters for 3 bytes, and returns how many bytes that were:
  // a multiple of 3. Leaves what does not fill a block.
  std::size_t (*encode)(std::span<const std::byte> bytes, char* out);
  // Decodes characters from the front, 3 bytes for 4 characters, and returns how many characters
  // that were: a multiple of 4. Leaves the block with the first character outside the alphabet,
  // and what does not fill a block. `out` may be where `text` is or before it, but not behind it:
  // up to as many bytes are written as characters were read.
  std::size_t (*decode)(std::span<const char> text, std::byte* out);
};

// Those for a family of processors, fastest first; empty when built for another family.
std::span<const Implementation> x86_implementations();
std::span<const Implementation> neon_implementations();
const Implementation& scalar_implementation();

// All that this processor can run, fastest first; the scalar one is the last.
std::vector<const Implementation*> available_implementations();

void append_encoded(const Implementation& implementation, std::string& out,
                    std::span<const std::byte> bytes);
std::optional<std::span<std::byte>> decode_in_place(const Implementation& implementation,
                                                    std::span<char> text);

}  // namespace bellhop::wire::base64
