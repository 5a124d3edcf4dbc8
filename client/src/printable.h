// SPDX-License-Identifier: Apache-2.0
// Makes text from the guest safe to print.
#pragma once

#include <string>
#include <string_view>

namespace bellhop::client {

// Escapes control characters (C0, DEL, and C1, which some terminals interpret) as \u00XX, and bytes
// that are not UTF-8 as \xXX. `keep_line_feeds` leaves line feeds as they are.
// Valid JSON text stays valid and keeps its meaning.
std::string printable(std::string_view text, bool keep_line_feeds = false);

}  // namespace bellhop::client
