// SPDX-License-Identifier: Apache-2.0
#include "agent/log_limiter.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

namespace bellhop::agent {
namespace {

using namespace std::chrono_literals;

class LogLimiterTest : public testing::Test {
 protected:
  std::optional<std::uint64_t> admit(std::string_view key) { return limiter.admit(key, now); }

  LogLimiter limiter;
  LogLimiter::TimePoint now{1h};
};

TEST_F(LogLimiterTest, AdmitsOneLineAMinute) {
  EXPECT_EQ(admit("a"), 0u);
  EXPECT_EQ(admit("a"), std::nullopt);
  now += 59s;
  EXPECT_EQ(admit("a"), std::nullopt);
  now += 1s;
  EXPECT_EQ(admit("a"), 2u);
  EXPECT_EQ(admit("a"), std::nullopt);
  now += 1min;
  EXPECT_EQ(admit("a"), 1u);
  now += 1h;
  EXPECT_EQ(admit("a"), 0u);
}

TEST_F(LogLimiterTest, CountsEachKeySeparately) {
  EXPECT_EQ(admit("a"), 0u);
  EXPECT_EQ(admit("b"), 0u);
  EXPECT_EQ(admit("b"), std::nullopt);
}

TEST_F(LogLimiterTest, HasALimitedNumberOfKeys) {
  for (std::size_t i = 0; i < LogLimiter::max_keys; ++i) EXPECT_EQ(admit(std::to_string(i)), 0u);
  EXPECT_EQ(admit("more"), 0u);
  EXPECT_EQ(admit("other"), std::nullopt);
  EXPECT_EQ(admit("1"), std::nullopt);
  now += 1min;
  EXPECT_EQ(admit("more"), 0u);
  EXPECT_EQ(admit("other"), 0u);
}

}  // namespace
}  // namespace bellhop::agent
