// SPDX-License-Identifier: Apache-2.0
#include "config/closest_match.h"

#include <gtest/gtest.h>

#include <array>

namespace bellhop::config {
namespace {

constexpr auto names = std::to_array<std::string_view>({"target", "format", "level"});

TEST(ClosestMatch, CountsInsertionsDeletionsAndReplacements) {
  EXPECT_EQ(closest_match("formt", names), "format");
  EXPECT_EQ(closest_match("formaat", names), "format");
  EXPECT_EQ(closest_match("bevel", names), "level");
  EXPECT_EQ(closest_match("target", names), "target");
}

TEST(ClosestMatch, PrefersTheFirstOfEqualDistance) {
  EXPECT_EQ(closest_match("b", std::to_array<std::string_view>({"x", "y"})), "x");
  EXPECT_EQ(closest_match("", names), "level");
}

TEST(ClosestMatch, IsEmptyWithoutCandidates) {
  EXPECT_EQ(closest_match("x", {}), "");
}

}  // namespace
}  // namespace bellhop::config
