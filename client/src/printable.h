// The guest's text, made safe to show.
#pragma once

#include <string>
#include <string_view>

namespace bellhop::client {

// `text` with control characters (C0, DEL, and C1, which some terminals obey) as \u00XX, and with
// bytes that are not UTF-8 as \xXX. With `keep_line_feeds`, line feeds stay.
// JSON text may be passed through: it stays valid and keeps its meaning.
std::string printable(std::string_view text, bool keep_line_feeds = false);

}  // namespace bellhop::client
