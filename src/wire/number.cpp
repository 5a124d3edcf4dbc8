#include "wire/number.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <limits>
#include <system_error>

namespace bellhop::wire {
namespace {

// Whether all of `text` is a number of the type's range.
template <class T>
bool parse(std::string_view text, T& value) {
  return std::from_chars(text.data(), text.data() + text.size(), value).ec == std::errc();
}

// The power of ten in a number's exponent part, as far as it fits.
std::int64_t exponent_of(std::string_view digits) {
  constexpr std::int64_t max_exponent = std::numeric_limits<std::int64_t>::max() / 2;
  if (digits.starts_with('+')) digits.remove_prefix(1);
  std::int64_t exponent = 0;
  if (parse(digits, exponent)) return std::clamp(exponent, -max_exponent, max_exponent);
  return digits.starts_with('-') ? -max_exponent : max_exponent;
}

// The value of a number whose nearest double is not finite or is zero.
double beyond_range(std::string_view text) {
  const double sign = text.starts_with('-') ? -1 : 1;
  const std::size_t e = std::min(text.find_first_of("eE"), text.size());
  const std::size_t point = std::min(text.find('.'), e);
  const std::size_t first = text.find_first_of("123456789");
  // 0.1 has the magnitude 0, 1 has 1.
  std::int64_t magnitude =
      static_cast<std::int64_t>(point) - static_cast<std::int64_t>(first) + (first > point ? 1 : 0);
  if (e != text.size()) magnitude += exponent_of(text.substr(e + 1));
  return sign * (magnitude > 0 ? std::numeric_limits<double>::infinity() : 0.0);
}

}  // namespace

Node parse_number(std::string_view text) {
  Node node;
  if (text.find_first_of(".eE") == std::string_view::npos) {
    node.kind = Kind::integer;
    if (parse(text, node.integer)) return node;
    node.kind = Kind::unsigned_integer;
    if (parse(text, node.unsigned_integer)) return node;
  }
  node.kind = Kind::real;
  if (!parse(text, node.real)) node.real = beyond_range(text);
  return node;
}

}  // namespace bellhop::wire
