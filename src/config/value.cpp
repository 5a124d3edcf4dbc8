// SPDX-License-Identifier: Apache-2.0
#include "config/value.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <utility>

#include "base/text.h"
#include "wire/utf8.h"

namespace bellhop::config {
namespace {

struct Escape {
  char letter;
  char character;
};

constexpr auto escapes =
    std::to_array<Escape>({{'s', ' '}, {'n', '\n'}, {'t', '\t'}, {'r', '\r'}, {'\\', '\\'}});

std::unexpected<Error> uninterpretable(const Value& value) {
  return failure("Key file contains key “{}” which has a value that cannot be interpreted.",
                 value.key);
}

// The parts between the separators, with the escapes resolved.
Result<std::vector<std::string>> decode(const Value& value, std::optional<char> separator) {
  const std::string_view text = value.text;
  if (!value.has_escapes) return std::vector{std::string(text)};
  if (!wire::utf8::is_valid(text)) {
    return failure("Key file contains key “{}” with value “{}” which is not UTF-8", value.key,
                   text);
  }
  std::vector<std::string> parts(1);
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == separator) {
      parts.emplace_back();
    } else if (text[i] != '\\') {
      parts.back().push_back(text[i]);
    } else {
      const char letter = ++i < text.size() ? text[i] : '\0';
      const auto escape = std::ranges::find(escapes, letter, &Escape::letter);
      if (escape == escapes.end() && letter != separator) return uninterpretable(value);
      parts.back().push_back(escape == escapes.end() ? letter : escape->character);
    }
  }
  return parts;
}

}  // namespace

Result<std::string> string_value(const Value& value) {
  TRY_ASSIGN(auto parts, decode(value, std::nullopt));
  return std::move(parts.front());
}

Result<bool> boolean_value(const Value& value) {
  const std::string_view text = text::trim_end(value.text, text::glib_space);
  if (text == "true" || text == "1") return true;
  if (text == "false" || text == "0") return false;
  return uninterpretable(value);
}

Result<std::vector<std::string>> list_value(const Value& value, char separator) {
  TRY_ASSIGN(auto parts, decode(value, separator));
  if (parts.back().empty()) parts.pop_back();  // after the last separator
  return parts;
}

std::string escaped_value(std::string_view text) {
  std::string value;
  bool leading = true;  // blanks need an escape only at the start
  for (const char c : text) {
    const bool is_blank = c == ' ' || c == '\t';
    leading = leading && is_blank;
    const auto escape = std::ranges::find(escapes, c, &Escape::character);
    if (escape == escapes.end() || (is_blank && !leading)) {
      value += c;
    } else {
      value += {'\\', escape->letter};
    }
  }
  return value;
}

}  // namespace bellhop::config
