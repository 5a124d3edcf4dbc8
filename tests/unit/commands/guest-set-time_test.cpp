// SPDX-License-Identifier: Apache-2.0
#include "unit/commands/command_fixture.h"

namespace bellhop::testing {
namespace {

using Calls = std::vector<std::string>;

using GuestSetTime = CommandTest;

TEST_F(GuestSetTime, SetsTheHardwareClockAfterTheSystems) {
  EXPECT_EQ(call("guest-set-time", R"({"time": 1700000000123456789})"), R"({"return": {}})");
  EXPECT_EQ(clock_setting.calls, (Calls{"system = 1700000000123456789", "hardware = system"}));
}

TEST_F(GuestSetTime, WithoutATimeTheHardwareClockGivesIt) {
  EXPECT_EQ(call("guest-set-time"), R"({"return": {}})");
  EXPECT_EQ(clock_setting.calls, Calls{"system = hardware"});
}

TEST_F(GuestSetTime, RefusesTimesBefore1970AndFrom2070) {
  for (const std::string_view time :
       {"-1", "-9223372036854775808", "3155760000000000000", "9223372036854775807"}) {
    EXPECT_EQ(call("guest-set-time", fmt::format(R"({{"time": {}}})", time)),
              error_reply("Invalid time"))
        << time;
  }
  EXPECT_TRUE(clock_setting.calls.empty());
}

TEST_F(GuestSetTime, AcceptsTheFirstAndTheLastTime) {
  EXPECT_EQ(call("guest-set-time", R"({"time": 0})"), R"({"return": {}})");
  EXPECT_EQ(call("guest-set-time", R"({"time": 3155759999999999999})"), R"({"return": {}})");
}

TEST_F(GuestSetTime, LeavesTheHardwareClockAloneWhenTheSystemsIsNotSet) {
  clock_setting.system_result = failure("Failed to set time to guest: Operation not permitted");
  EXPECT_EQ(call("guest-set-time", R"({"time": 1})"),
            error_reply("Failed to set time to guest: Operation not permitted"));
  EXPECT_EQ(clock_setting.calls, Calls{"system = 1"});
}

TEST_F(GuestSetTime, SaysThatTheHardwareClockIsNotSet) {
  clock_setting.hardware_result = failure("failed to set hardware clock to system time: x");
  EXPECT_EQ(call("guest-set-time", R"({"time": 1})"),
            error_reply("failed to set hardware clock to system time: x"));
}

}  // namespace
}  // namespace bellhop::testing
