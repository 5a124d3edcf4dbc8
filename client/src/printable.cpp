// SPDX-License-Identifier: Apache-2.0
#include "printable.h"

#include <fmt/format.h>

#include <cstddef>
#include <iterator>

namespace bellhop::client {
namespace {

// The length of the UTF-8 sequence at the beginning of `text`; 0 if it is invalid.
std::size_t sequence_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  if (first < 0x80) return 1;
  const std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
  }
  const bool overlong = (first == 0xE0 && byte(1) < 0xA0) || (first == 0xF0 && byte(1) < 0x90);
  const bool surrogate = first == 0xED && byte(1) >= 0xA0;
  const bool above_unicode = first == 0xF4 && byte(1) >= 0x90;
  return overlong || surrogate || above_unicode ? 0 : length;
}

}  // namespace

std::string printable(std::string_view text, bool keep_line_feeds) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const auto first = static_cast<unsigned char>(text.front());
    const std::size_t length = sequence_length(text);
    const bool c1 = length == 2 && first == 0xC2 && static_cast<unsigned char>(text[1]) < 0xA0;
    const bool c0 = first < 0x20 && !(keep_line_feeds && first == '\n');
    if (length == 0) {
      fmt::format_to(std::back_inserter(out), "\\x{:02x}", first);
    } else if (c0 || first == 0x7F || c1) {
      fmt::format_to(std::back_inserter(out), "\\u00{:02x}",
                     static_cast<unsigned char>(text[length - 1]));
    } else {
      out.append(text.substr(0, length));
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return out;
}

}  // namespace bellhop::client
