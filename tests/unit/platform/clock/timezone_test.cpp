// SPDX-License-Identifier: Apache-2.0
#include "platform/clock/timezone.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/environment_variable.h"

namespace bellhop::platform {
namespace {

constexpr std::int64_t winter = 1'705'320'000;  // 2024-01-15
constexpr std::int64_t summer = 1'721'044'800;  // 2024-07-15

Timezone timezone_in(const char* tz, std::int64_t time) {
  bellhop::testing::EnvironmentVariable variable("TZ");
  variable.set(tz);
  const auto zone = timezone_at(time);
  EXPECT_TRUE(zone);
  return zone.value_or(Timezone{});
}

TEST(Timezone, EastOfGreenwichIsPositive) {
  const auto zone = timezone_in("JST-9", winter);
  EXPECT_EQ(zone.zone, "JST");
  EXPECT_EQ(zone.offset, 9 * 3600);
}

TEST(Timezone, WestOfGreenwichIsNegative) {
  const auto zone = timezone_in("EST5", winter);
  EXPECT_EQ(zone.zone, "EST");
  EXPECT_EQ(zone.offset, -5 * 3600);
}

TEST(Timezone, FollowsDaylightSavingTime) {
  const char* rule = "CET-1CEST,M3.5.0,M10.5.0/3";
  EXPECT_EQ(timezone_in(rule, winter).zone, "CET");
  EXPECT_EQ(timezone_in(rule, winter).offset, 3600);
  EXPECT_EQ(timezone_in(rule, summer).zone, "CEST");
  EXPECT_EQ(timezone_in(rule, summer).offset, 7200);
}

TEST(Timezone, HasOffsetsWithFractionsOfAnHour) {
  const auto zone = timezone_in("<+0330>-3:30", winter);
  EXPECT_EQ(zone.zone, "+0330");
  EXPECT_EQ(zone.offset, 12600);
}

TEST(Timezone, IsUtcForAnUnknownZone) {
  for (const char* tz : {"", ":/nonexistent", "../etc/passwd"}) {
    const auto zone = timezone_in(tz, winter);
    // For an empty TZ, glibc 2.41 returns the name of the zone's file if tzdata is missing.
    EXPECT_THAT(zone.zone, ::testing::AnyOf("UTC", "Universal")) << tz;
    EXPECT_EQ(zone.offset, 0) << tz;
  }
}

}  // namespace
}  // namespace bellhop::platform
