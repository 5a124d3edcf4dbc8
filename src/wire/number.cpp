// SPDX-License-Identifier: Apache-2.0
#include "wire/number.h"

#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <system_error>

#include "base/text.h"

namespace bellhop::wire {

Node parse_number(std::string_view text) {
  Node node;
  if (text.find_first_of(".eE") == std::string_view::npos) {
    if (const auto number = text::parse_number<std::int64_t>(text)) {
      node.kind = Kind::integer;
      node.integer = *number;
      return node;
    }
    if (const auto number = text::parse_number<std::uint64_t>(text)) {
      node.kind = Kind::unsigned_integer;
      node.unsigned_integer = *number;
      return node;
    }
  }
  node.kind = Kind::real;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), node.real);
  // from_chars does not tell an overflow from an underflow. The locale is always "C".
  if (read.ec != std::errc()) node.real = std::strtod(std::string(text).c_str(), nullptr);
  return node;
}

}  // namespace bellhop::wire
