#include "platform/clock/clock.h"

#include <gtest/gtest.h>

#include <chrono>

namespace bellhop::platform {
namespace {

std::int64_t system_clock_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

TEST(Clock, CountsNanosecondsSince1970) {
  const std::int64_t before = system_clock_ns();
  const auto time = get_time();
  const std::int64_t after = system_clock_ns();
  ASSERT_TRUE(time);
  EXPECT_GE(*time, before);
  EXPECT_LE(*time, after);
}

}  // namespace
}  // namespace bellhop::platform
