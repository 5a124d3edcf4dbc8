// SPDX-License-Identifier: Apache-2.0
#include "base/key_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <utility>

#include "base/error.h"
#include "base/text.h"

namespace bellhop {
namespace {

bool is_control(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
}

bool is_locale_character(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
         c == '_' || c == '.' || c == '@' || static_cast<unsigned char>(c) >= 0x80;
}

// "[name]", optionally followed by blanks.
bool is_group_line(std::string_view line) {
  if (line.empty() || line.front() != '[') return false;
  const std::size_t end = line.find(']');
  return end != line.npos && line.find_first_not_of(" \t", end + 1) == line.npos;
}

bool is_group_name(std::string_view name) {
  return !name.empty() &&
         std::ranges::none_of(name, [](char c) { return c == '[' || is_control(c); });
}

// A key, optionally with a locale in brackets after it.
bool is_key_name(std::string_view key) {
  const std::size_t end = std::min(key.find_first_of("=[]"), key.size());
  if (end == 0 || key.front() == ' ' || key[end - 1] == ' ') return false;
  std::string_view rest = key.substr(end);
  if (rest.empty()) return true;
  if (rest.front() != '[' || rest.back() != ']' || rest.size() < 2) return false;
  rest = rest.substr(1, rest.size() - 2);
  return std::ranges::all_of(rest, is_locale_character);
}

}  // namespace

// Parses a key file line by line.
class KeyFile::Parser {
 public:
  using Outcome = std::expected<void, KeyFileError>;

  explicit Parser(std::vector<Group>& groups) : groups_(groups) {}

  enum class Invalid { fail, skip };

  Outcome parse(std::string_view text, Invalid invalid) {
    while (!text.empty()) {
      ++line_number_;
      const bool whole = text.contains('\n');
      std::string_view line = text::consume_line(text);
      if (whole && line.ends_with('\r')) line.remove_suffix(1);
      const Outcome parsed = parse_line(line.substr(0, line.find('\0')));
      if (!parsed && invalid == Invalid::fail) return parsed;
    }
    return {};
  }

 private:
  Outcome parse_line(std::string_view line) {
    const std::string_view content = text::trim_start(line, text::glib_space);
    if (content.empty() || content.front() == '#') return {};
    if (is_group_line(content)) return parse_group(content);
    const auto pair = text::split_once(content, '=');
    if (!pair || pair->first.empty()) {
      return refuse(fmt::format(
          "Key file contains line “{}” which is not a key-value pair, group, or comment", line));
    }
    return parse_pair(pair->first, pair->second);
  }

  Outcome parse_group(std::string_view line) {
    const std::string_view name = line.substr(1, line.find(']') - 1);
    if (!is_group_name(name)) return refuse(fmt::format("Invalid group name: {}", name));
    const auto found = std::ranges::find(groups_, name, &Group::name);
    current_ = static_cast<std::size_t>(found - groups_.begin());
    if (found == groups_.end()) groups_.push_back({std::string(name), line_number_, {}});
    return {};
  }

  Outcome parse_pair(std::string_view key, std::string_view value) {
    if (groups_.empty()) return refuse("Key file does not start with a group");
    key = text::trim_end(key, text::glib_space);
    value = text::trim_start(value, text::glib_space);
    if (!is_key_name(key)) return refuse(fmt::format("Invalid key name: {}", key));
    if (current_ == 0 && key == "Encoding" && !is_utf8_name(value)) {
      return refuse(fmt::format("Key file contains unsupported encoding “{}”", value));
    }
    groups_[current_].entries.push_back({std::string(key), std::string(value), line_number_});
    return {};
  }

  static bool is_utf8_name(std::string_view value) {
    return std::ranges::equal(value, std::string_view("utf-8"), {}, text::to_lower_ascii);
  }

  std::unexpected<KeyFileError> refuse(std::string message) const {
    return std::unexpected(KeyFileError{std::move(message), line_number_});
  }

  std::vector<Group>& groups_;
  std::size_t current_ = 0;
  unsigned line_number_ = 0;
};

std::expected<KeyFile, KeyFileError> KeyFile::parse(std::string_view text) {
  KeyFile file;
  TRY(Parser(file.groups_).parse(text, Parser::Invalid::fail));
  return file;
}

KeyFile KeyFile::parse_valid_lines(std::string_view text) {
  KeyFile file;
  static_cast<void>(Parser(file.groups_).parse(text, Parser::Invalid::skip));
  return file;
}

const KeyFile::Entry* KeyFile::find(std::string_view group, std::string_view key) const {
  const auto found = std::ranges::find(groups_, group, &Group::name);
  if (found == groups_.end()) return nullptr;
  const auto& entries = found->entries;
  const auto entry = std::find_if(entries.rbegin(), entries.rend(),
                                  [&](const Entry& candidate) { return candidate.key == key; });
  return entry == entries.rend() ? nullptr : &*entry;
}

}  // namespace bellhop
