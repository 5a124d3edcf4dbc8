// SPDX-License-Identifier: Apache-2.0
#include "base/shell_pattern.h"

#include <cstddef>
#include <optional>

namespace bellhop {
namespace {

// The length in bytes of the first character; an invalid byte counts as one.
std::size_t character_length(std::string_view utf8) {
  std::size_t length = 1;
  if ((utf8[0] & 0xC0) != 0xC0) return length;
  while (length < utf8.size() && length < 4 && (utf8[length] & 0xC0) == 0x80) ++length;
  return length;
}

// A set in brackets, at the start of a pattern.
struct Set {
  std::size_t length;  // of its text
  bool matches;
};

// nullopt without the closing bracket.
std::optional<Set> parse_set(std::string_view pattern, char c) {
  std::size_t at = 1;
  const bool negated = at < pattern.size() && (pattern[at] == '!' || pattern[at] == '^');
  if (negated) ++at;
  const auto byte = [](char one) { return static_cast<unsigned char>(one); };
  bool found = false;
  for (bool first = true; at < pattern.size(); first = false) {
    if (pattern[at] == ']' && !first) return Set{at + 1, found != negated};
    if (pattern[at] == '\\' && at + 1 < pattern.size()) ++at;
    const char low = pattern[at++];
    char high = low;
    if (at + 1 < pattern.size() && pattern[at] == '-' && pattern[at + 1] != ']') {
      high = pattern[at + 1];
      at += 2;
    }
    found = found || (byte(low) <= byte(c) && byte(c) <= byte(high));
  }
  return std::nullopt;
}

// Consumes what stands for one character from the pattern, and that character from the text. False
// if it does not match.
bool consume_one(std::string_view& pattern, std::string_view& text) {
  std::size_t in_pattern = 1;
  std::size_t in_text = 1;
  bool matches = true;
  if (const char c = pattern[0]; c == '?') {
    in_text = character_length(text);
  } else if (const auto set = c == '[' ? parse_set(pattern, text[0]) : std::nullopt) {
    in_pattern = set->length;
    matches = set->matches;
  } else {
    if (c == '\\' && pattern.size() > 1) in_pattern = 2;
    matches = pattern[in_pattern - 1] == text[0];
  }
  pattern.remove_prefix(in_pattern);
  text.remove_prefix(in_text);
  return matches;
}

}  // namespace

bool matches_shell_pattern(std::string_view pattern, std::string_view text) {
  // Where to continue if the rest does not match: the last star stands for one more character.
  std::optional<std::string_view> after_star;
  std::string_view rest;
  while (true) {
    if (!pattern.empty() && pattern[0] == '*') {
      pattern.remove_prefix(1);
      after_star = pattern;
      rest = text;
      continue;
    }
    if (pattern.empty() && text.empty()) return true;
    if (!pattern.empty() && !text.empty() && consume_one(pattern, text)) continue;
    if (!after_star || rest.empty()) return false;
    rest.remove_prefix(1);
    pattern = *after_star;
    text = rest;
  }
}

}  // namespace bellhop
