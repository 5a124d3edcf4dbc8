// From a string as JSON writes it to the bytes it stands for.
#pragma once

#include <cstddef>
#include <expected>
#include <string>
#include <string_view>

namespace bellhop::wire {

// Decodes `literal`, which includes its quotes (double or single), to `out`: at most as many bytes
// as lie between the quotes. `out` may lie at or before the literal and overlap it.
// Returns the number of bytes, or what is wrong in qemu-ga's words; `out` is then spoilt.
std::expected<std::size_t, std::string> decode_string_literal(std::string_view literal, char* out);

}  // namespace bellhop::wire
