#include "agent/nearest.h"

#include <gtest/gtest.h>

#include <array>

namespace bellhop::agent {
namespace {

constexpr auto names = std::to_array<std::string_view>({"target", "format", "level"});

TEST(Nearest, CountsInsertionsDeletionsAndReplacements) {
  EXPECT_EQ(nearest("formt", names), "format");
  EXPECT_EQ(nearest("formaat", names), "format");
  EXPECT_EQ(nearest("bevel", names), "level");
  EXPECT_EQ(nearest("target", names), "target");
}

TEST(Nearest, TakesTheFirstOfEquallyNear) {
  EXPECT_EQ(nearest("b", std::to_array<std::string_view>({"x", "y"})), "x");
  EXPECT_EQ(nearest("", names), "level");
}

TEST(Nearest, IsNothingWithoutCandidates) {
  EXPECT_EQ(nearest("x", {}), "");
}

}  // namespace
}  // namespace bellhop::agent
