// SPDX-License-Identifier: Apache-2.0
#include "base/error.h"

#include <gtest/gtest.h>

#include <memory>

namespace bellhop {
namespace {

Result<void> check(bool good) {
  if (!good) return failure("bad");
  return {};
}

Result<std::unique_ptr<int>> make(int value) {
  if (value < 0) return failure("cannot make {}", value);
  return std::make_unique<int>(value);
}

TEST(Try, ReturnsOnlyErrors) {
  const auto run = [](bool good) -> Result<int> {
    TRY(check(good));
    return 1;
  };
  EXPECT_EQ(run(true), 1);
  ASSERT_FALSE(run(false));
  EXPECT_EQ(run(false).error().message, "bad");
}

TEST(Try, IsOneStatement) {
  const auto run = [](bool first, bool second) -> Result<int> {
    if (first)
      TRY(check(true));
    else if (second)
      TRY(check(false));
    return 1;
  };
  EXPECT_TRUE(run(true, true));
  EXPECT_FALSE(run(false, true));
  EXPECT_TRUE(run(false, false));
}

TEST(TryAssign, MovesTheValue) {
  const auto run = [](int value) -> Result<int> {
    TRY_ASSIGN(auto first, make(value));
    TRY_ASSIGN(first, make(*first + 1));
    return *first;
  };
  EXPECT_EQ(run(1), 2);
  ASSERT_FALSE(run(-3));
  EXPECT_EQ(run(-3).error().message, "cannot make -3");
}

TEST(TryAssign, WorksInsideItsOwnExpression) {
  const auto run = [](bool good) -> Result<int> {
    const auto call = [](const auto& function) { return function(); };
    TRY_ASSIGN(const int value, call([&]() -> Result<int> {
                 TRY(check(good));
                 return 2;
               }));
    return value;
  };
  EXPECT_EQ(run(true), 2);
  EXPECT_FALSE(run(false));
}

TEST(TryAssign, KeepsOtherTypesOfErrors) {
  const auto run = [](int error) -> std::expected<int, int> {
    const auto inner = [&]() -> std::expected<int, int> {
      if (error != 0) return std::unexpected(error);
      return 5;
    };
    TRY_ASSIGN(const int value, inner());
    return value;
  };
  EXPECT_EQ(run(0), 5);
  EXPECT_EQ(run(7).error(), 7);
}

TEST(SystemFailure, HasTheErrnoValueAndItsText) {
  const Result<void> failed = system_failure(ENOENT, "cannot open '{}'", "/x");
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().message, "cannot open '/x': No such file or directory");
  EXPECT_EQ(failed.error().system, std::errc::no_such_file_or_directory);
}

}  // namespace
}  // namespace bellhop
