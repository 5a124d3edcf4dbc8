#include "wire/number.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <limits>
#include <system_error>

#include "base/text.h"

namespace bellhop::wire {
namespace {

// The power of ten in a number's exponent part, clamped to half of the type's range.
std::int64_t exponent_of(std::string_view digits) {
  constexpr std::int64_t max_exponent = std::numeric_limits<std::int64_t>::max() / 2;
  if (digits.starts_with('+')) digits.remove_prefix(1);
  const auto exponent = text::parse_number<std::int64_t>(digits);
  if (exponent) return std::clamp(*exponent, -max_exponent, max_exponent);
  return digits.starts_with('-') ? -max_exponent : max_exponent;
}

// The value of a number that is out of range for double: an infinity or zero, with its sign.
double beyond_range(std::string_view text) {
  const double sign = text.starts_with('-') ? -1 : 1;
  const std::size_t e = std::min(text.find_first_of("eE"), text.size());
  const std::size_t point = std::min(text.find('.'), e);
  const std::size_t first = text.find_first_of("123456789");
  // The magnitude of 0.1 is 0, of 1 it is 1.
  std::int64_t magnitude =
      static_cast<std::int64_t>(point) - static_cast<std::int64_t>(first) + (first > point ? 1 : 0);
  if (e != text.size()) magnitude += exponent_of(text.substr(e + 1));
  return sign * (magnitude > 0 ? std::numeric_limits<double>::infinity() : 0.0);
}

}  // namespace

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
  if (read.ec != std::errc()) node.real = beyond_range(text);
  return node;
}

}  // namespace bellhop::wire
