// SPDX-License-Identifier: Apache-2.0
// Small parsers: blanks, lines, words, whole numbers, NAME=VALUE. Returned views refer to the text
// that was passed in.
#pragma once

#include <charconv>
#include <concepts>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace bellhop::text {

// White space according to isspace(3) in the C locale.
inline constexpr std::string_view white_space = " \t\n\v\f\r";
// White space according to GLib: without the vertical tab.
inline constexpr std::string_view glib_space = " \t\n\f\r";

// `text` without the characters of `space` at its start, at its end, or at both.
std::string_view trim_start(std::string_view text, std::string_view space = white_space);
std::string_view trim_end(std::string_view text, std::string_view space = white_space);
std::string_view trim(std::string_view text, std::string_view space = white_space);

// Removes the front of `text` up to and including the first `end`, and returns it without `end`.
// Without an `end`, consumes all of `text`.
std::string_view consume_until(std::string_view& text, char end);

// Consumes the next line and returns it without its line feed, which may be missing at the end.
std::string_view consume_line(std::string_view& text);

// Consumes the next word. Words are separated by spaces and tabs. Empty when there is none left.
std::string_view consume_word(std::string_view& text);

// All words, as consume_word() finds them.
std::vector<std::string_view> words(std::string_view text);

// The parts between the separators: one more than there are separators; parts may be empty.
std::vector<std::string_view> split(std::string_view text, char separator);

// The text before and after the first separator; nullopt without one.
std::optional<std::pair<std::string_view, std::string_view>> split_once(std::string_view text,
                                                                        char separator);

// The value of the first line that begins with `name` and '='.
std::optional<std::string_view> find_value(std::string_view lines, std::string_view name);

constexpr char to_lower_ascii(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

// Appends `text` on one line: control characters except tabs are escaped, as `\n` or `\x1b`.
void append_escaped(std::string& line, std::string_view text);

// Parses all of `text` as a number: digits, for a signed type with an optional '-' before them.
// nullopt for other text, including blanks and '+', and for a number outside the type's range.
template <std::integral Number>
std::optional<Number> parse_number(std::string_view text, int base = 10) {
  Number number{};
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  if (error != std::errc() || stop != text.data() + text.size()) return std::nullopt;
  return number;
}

// The number that follows `prefix` and ends the text: 3 in "ata3".
template <std::integral Number>
std::optional<Number> parse_number_after(std::string_view prefix, std::string_view text) {
  if (!text.starts_with(prefix)) return std::nullopt;
  return parse_number<Number>(text.substr(prefix.size()));
}

}  // namespace bellhop::text
