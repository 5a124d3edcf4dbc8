// SPDX-License-Identifier: Apache-2.0
#include "platform/clock/clock_setting.h"

#include <gtest/gtest.h>

#include "unit/system_tree.h"

namespace bellhop::platform {
namespace {

// Only cases that do not set a clock. tests/vm tests the rest in a virtual machine.
TEST(ClockSetting, ReportsAMissingHardwareClock) {
  const testing::SystemTree tree;
  const auto clocks = system_clock_setting(tree.path());
  const auto hardware_set = clocks->set_hardware_from_system();
  ASSERT_FALSE(hardware_set);
  EXPECT_EQ(hardware_set.error().message,
            "failed to set hardware clock to system time: cannot open /dev/rtc: "
            "No such file or directory");
  const auto system_set = clocks->set_system_from_hardware();
  ASSERT_FALSE(system_set);
  EXPECT_EQ(system_set.error().message,
            "failed to set system time to hardware clock: cannot open /dev/rtc: "
            "No such file or directory");
}

TEST(ClockSetting, ReportsErrorsOfTheHardwareClock) {
  const testing::SystemTree tree;
  tree.write("dev/rtc", "");
  const auto clocks = system_clock_setting(tree.path());
  const auto system_set = clocks->set_system_from_hardware();
  ASSERT_FALSE(system_set);
  EXPECT_EQ(system_set.error().message,
            "failed to set system time to hardware clock: cannot read /dev/rtc: "
            "Inappropriate ioctl for device");
  const auto hardware_set = clocks->set_hardware_from_system();
  ASSERT_FALSE(hardware_set);
  EXPECT_EQ(hardware_set.error().message,
            "failed to set hardware clock to system time: cannot set /dev/rtc: "
            "Inappropriate ioctl for device");
}

}  // namespace
}  // namespace bellhop::platform
