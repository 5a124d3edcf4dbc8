// SPDX-License-Identifier: Apache-2.0
#include "base/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <iterator>

namespace bellhop::text {

std::string_view trim_start(std::string_view text, std::string_view space) {
  text.remove_prefix(std::min(text.find_first_not_of(space), text.size()));
  return text;
}

std::string_view trim_end(std::string_view text, std::string_view space) {
  return text.substr(0, text.find_last_not_of(space) + 1);  // npos + 1 is 0
}

std::string_view trim(std::string_view text, std::string_view space) {
  return trim_end(trim_start(text, space), space);
}

std::string_view consume_until(std::string_view& text, char end) {
  const std::size_t length = text.find(end);
  const std::string_view front = text.substr(0, length);
  text.remove_prefix(length == text.npos ? text.size() : length + 1);
  return front;
}

std::string_view consume_line(std::string_view& text) {
  return consume_until(text, '\n');
}

std::string_view consume_word(std::string_view& text) {
  constexpr std::string_view blanks = " \t";
  text = trim_start(text, blanks);
  const std::string_view word = text.substr(0, text.find_first_of(blanks));
  text.remove_prefix(word.size());
  return word;
}

std::vector<std::string_view> words(std::string_view text) {
  std::vector<std::string_view> all;
  for (auto word = consume_word(text); !word.empty(); word = consume_word(text)) {
    all.push_back(word);
  }
  return all;
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (const auto pair = split_once(text, separator)) {
    parts.push_back(pair->first);
    text = pair->second;
  }
  parts.push_back(text);
  return parts;
}

std::optional<std::pair<std::string_view, std::string_view>> split_once(std::string_view text,
                                                                        char separator) {
  const std::size_t place = text.find(separator);
  if (place == text.npos) return std::nullopt;
  return std::pair(text.substr(0, place), text.substr(place + 1));
}

std::optional<std::string_view> find_value(std::string_view lines, std::string_view name) {
  while (!lines.empty()) {
    const std::string_view line = consume_line(lines);
    if (!line.starts_with(name) || !line.substr(name.size()).starts_with('=')) continue;
    return line.substr(name.size() + 1);
  }
  return std::nullopt;
}

void append_escaped(std::string& line, std::string_view text) {
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\n') {
      line += "\\n";
    } else if ((byte < 0x20 && c != '\t') || byte == 0x7F) {
      fmt::format_to(std::back_inserter(line), "\\x{:02x}", byte);
    } else {
      line += c;
    }
  }
}

}  // namespace bellhop::text
