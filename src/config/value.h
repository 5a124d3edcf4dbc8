// SPDX-License-Identifier: Apache-2.0
// The value of a setting, from a key file or the command line.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace bellhop::config {

// Refers to the strings that it was made from.
struct Value {
  std::string_view key;  // for messages
  std::string_view text;
  bool has_escapes = true;  // as in key files; options have none
};

// The value as text, with the escapes `\s`, `\n`, `\t`, `\r` and `\\` resolved.
Result<std::string> string_value(const Value& value);
// true, false, 1 or 0.
Result<bool> boolean_value(const Value& value);
// Elements that are terminated or separated by `separator`, ';' or ','. A backslash before it makes
// it a character of the element.
Result<std::vector<std::string>> list_value(const Value& value, char separator);

// Escapes `text` for a key file, so that string_value() returns it unchanged.
std::string escaped_value(std::string_view text);

}  // namespace bellhop::config
