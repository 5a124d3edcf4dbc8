#include "platform/clock/clock_setting.h"

#include <gtest/gtest.h>

#include "unit/system_tree.h"

namespace bellhop::platform {
namespace {

// Only what cannot set a clock: whether clocks are set right is seen in a virtual machine
// (tests/vm).
TEST(ClockSetting, SaysThatThereIsNoHardwareClock) {
  const testing::SystemTree tree;
  const auto clocks = system_clock_setting(tree.path());
  const auto set = clocks->set_hardware_from_system();
  ASSERT_FALSE(set);
  EXPECT_EQ(set.error().message,
            "failed to set hardware clock to system time: cannot open /dev/rtc: "
            "No such file or directory");
  const auto got = clocks->set_system_from_hardware();
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().message,
            "failed to set system time to hardware clock: cannot open /dev/rtc: "
            "No such file or directory");
}

TEST(ClockSetting, SaysThatTheHardwareClockCannotBeReadOrSet) {
  const testing::SystemTree tree;
  tree.write("dev/rtc", "");
  const auto clocks = system_clock_setting(tree.path());
  const auto got = clocks->set_system_from_hardware();
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().message,
            "failed to set system time to hardware clock: cannot read /dev/rtc: "
            "Inappropriate ioctl for device");
  const auto set = clocks->set_hardware_from_system();
  ASSERT_FALSE(set);
  EXPECT_EQ(set.error().message,
            "failed to set hardware clock to system time: cannot set /dev/rtc: "
            "Inappropriate ioctl for device");
}

}  // namespace
}  // namespace bellhop::platform
