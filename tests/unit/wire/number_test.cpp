// SPDX-License-Identifier: Apache-2.0
#include "wire/number.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace bellhop::wire {
namespace {

double real(const std::string& text) {
  const Node node = parse_number(text);
  EXPECT_EQ(node.kind, Kind::real) << text;
  return node.real;
}

TEST(Number, IsAnIntegerIfItFits) {
  EXPECT_EQ(parse_number("0").integer, 0);
  EXPECT_EQ(parse_number("-0").kind, Kind::integer);
  EXPECT_EQ(parse_number("9223372036854775807").integer, std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(parse_number("-9223372036854775808").integer, std::numeric_limits<std::int64_t>::min());
}

TEST(Number, IsUnsignedAboveTheSignedRange) {
  EXPECT_EQ(parse_number("9223372036854775808").kind, Kind::unsigned_integer);
  EXPECT_EQ(parse_number("18446744073709551615").unsigned_integer,
            std::numeric_limits<std::uint64_t>::max());
}

TEST(Number, IsRealOutsideBothRanges) {
  EXPECT_EQ(real("18446744073709551616"), 18446744073709551616.0);
  EXPECT_EQ(real("-9223372036854775809"), -9223372036854775808.0);
}

TEST(Number, IsRealWithAFractionOrAnExponent) {
  EXPECT_EQ(real("5.0"), 5.0);
  EXPECT_EQ(real("1e2"), 100.0);
  EXPECT_EQ(real("1E+2"), 100.0);
  EXPECT_EQ(real("-2.5e-1"), -0.25);
  EXPECT_TRUE(std::signbit(real("-0.0")));
  EXPECT_EQ(real("4.9e-324"), std::numeric_limits<double>::denorm_min());
}

TEST(Number, MayBeInfinite) {
  const double infinity = std::numeric_limits<double>::infinity();
  EXPECT_EQ(real("1e400"), infinity);
  EXPECT_EQ(real("-1e400"), -infinity);
  EXPECT_EQ(real(std::string(400, '9')), infinity);
  EXPECT_EQ(real("0.00001e400"), infinity);
  EXPECT_EQ(real("1e99999999999999999999"), infinity);
  EXPECT_EQ(real("0." + std::string(400, '0') + "1e900"), infinity);
}

TEST(Number, IsZeroIfTooSmall) {
  EXPECT_EQ(real("1e-400"), 0);
  EXPECT_TRUE(std::signbit(real("-1e-400")));
  EXPECT_EQ(real("100000e-400"), 0);
  EXPECT_EQ(real("1e-99999999999999999999"), 0);
  EXPECT_EQ(real("0." + std::string(400, '0') + "1"), 0);
  EXPECT_EQ(real(std::string(400, '9') + "e-900"), 0);
}

}  // namespace
}  // namespace bellhop::wire
