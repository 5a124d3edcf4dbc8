// SPDX-License-Identifier: Apache-2.0
// Decodes JSON string literals.
#pragma once

#include <cstddef>
#include <expected>
#include <string>
#include <string_view>

namespace bellhop::wire {

// Decodes `literal`, which includes its quotes (double or single), to `out`. Writes at most as many
// bytes as are between the quotes. `out` may start at or before the literal and overlap it.
// Returns the number of bytes written, or qemu-ga's error text; `out` is then undefined.
std::expected<std::size_t, std::string> decode_string_literal(std::string_view literal, char* out);

}  // namespace bellhop::wire
