// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <stdlib.h>

#include <optional>
#include <string>

#include "platform/clock/rtc_linux.h"
#include "unit/system_tree.h"

namespace bellhop::platform {
namespace {

class RtcTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (const char* zone = std::getenv("TZ")) before_ = zone;
  }
  void TearDown() override {
    before_ ? ::setenv("TZ", before_->c_str(), 1) : ::unsetenv("TZ");
    ::tzset();
  }
  static void set_zone(const char* zone) { ::setenv("TZ", zone, 1); }
  static std::string text_of(std::time_t time, RtcZone zone) {
    const auto date = to_tm(time, zone);
    if (!date) return date.error().message;
    return fmt::format("{}-{:02}-{:02} {:02}:{:02}:{:02}", date->tm_year + 1900, date->tm_mon + 1,
                       date->tm_mday, date->tm_hour, date->tm_min, date->tm_sec);
  }
  RtcZone zone_of(std::string_view adjtime) {
    tree_.write("etc/adjtime", adjtime);
    return rtc_zone(tree_.path());
  }

  testing::SystemTree tree_;

 private:
  std::optional<std::string> before_;
};

TEST_F(RtcTest, IsInUtcByDefault) {
  EXPECT_EQ(rtc_zone(tree_.path()), RtcZone::utc);
  EXPECT_EQ(zone_of(""), RtcZone::utc);
  EXPECT_EQ(zone_of("0.0 0 0.0\n0\nUTC\n"), RtcZone::utc);
  EXPECT_EQ(zone_of("0.0 0 0.0\n0\n"), RtcZone::utc);
  EXPECT_EQ(zone_of("LOCAL\nLOCAL\n"), RtcZone::utc);
  EXPECT_EQ(zone_of("0.0 0 0.0\n0\nLOCAL\n"), RtcZone::local);
  EXPECT_EQ(zone_of("0.0 0 0.0\n0\nLOCAL"), RtcZone::local);
}

TEST_F(RtcTest, ConvertsATimeToADateInItsZone) {
  set_zone("EST5EDT,M3.2.0,M11.1.0");
  EXPECT_EQ(text_of(1'700'000'000, RtcZone::utc), "2023-11-14 22:13:20");
  EXPECT_EQ(text_of(1'700'000'000, RtcZone::local), "2023-11-14 17:13:20");
  EXPECT_EQ(text_of(1'690'000'000, RtcZone::local), "2023-07-22 00:26:40");
}

TEST_F(RtcTest, ConvertsADateBackToItsTime) {
  set_zone("EST5EDT,M3.2.0,M11.1.0");
  for (const std::time_t time : {0L, 1'690'000'000L, 1'700'000'000L, 3'155'759'999L}) {
    for (const RtcZone zone : {RtcZone::utc, RtcZone::local}) {
      EXPECT_EQ(to_time_t(*to_tm(time, zone), zone), time);
    }
  }
}

TEST_F(RtcTest, SupportsTimesBefore1970) {
  EXPECT_EQ(to_time_t(*to_tm(-1, RtcZone::utc), RtcZone::utc), -1);
}

TEST_F(RtcTest, UsesTheCurrentZone) {
  set_zone("<+02>-2");
  EXPECT_EQ(text_of(0, RtcZone::local), "1970-01-01 02:00:00");
  set_zone("<+03>-3");
  EXPECT_EQ(text_of(0, RtcZone::local), "1970-01-01 03:00:00");
}

TEST_F(RtcTest, ReportsAMissingDevice) {
  const auto rtc = Rtc::open(tree_.path());
  ASSERT_FALSE(rtc);
  EXPECT_EQ(rtc.error().message, "cannot open /dev/rtc: No such file or directory");
}

TEST_F(RtcTest, ReportsAFileThatIsNoDevice) {
  tree_.write("dev/rtc0", "");
  const auto rtc = Rtc::open(tree_.path());
  ASSERT_TRUE(rtc);
  const auto date = rtc->read_when_second_begins();
  ASSERT_FALSE(date);
  EXPECT_EQ(date.error().message, "cannot read /dev/rtc0: Inappropriate ioctl for device");
  const auto set = rtc->set({});
  ASSERT_FALSE(set);
  EXPECT_EQ(set.error().message, "cannot set /dev/rtc0: Inappropriate ioctl for device");
}

}  // namespace
}  // namespace bellhop::platform
