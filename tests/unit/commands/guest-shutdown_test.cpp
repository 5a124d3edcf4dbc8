// SPDX-License-Identifier: Apache-2.0
#include "unit/commands/command_fixture.h"

namespace bellhop::testing {
namespace {

using platform::ShutdownMode;

using GuestShutdown = CommandTest;

TEST_F(GuestShutdown, SwitchesOffUnlessToldOtherwise) {
  call("guest-shutdown");
  call("guest-shutdown", R"({"mode": "powerdown"})");
  call("guest-shutdown", R"({"mode": "halt"})");
  call("guest-shutdown", R"({"mode": "reboot"})");
  EXPECT_EQ(power.shutdowns, (std::vector{ShutdownMode::powerdown, ShutdownMode::powerdown,
                                          ShutdownMode::halt, ShutdownMode::reboot}));
}

TEST_F(GuestShutdown, DoesNothingForOtherModes) {
  const auto refused = error_reply("mode is invalid (valid values are: halt|powerdown|reboot");
  EXPECT_EQ(call("guest-shutdown", R"({"mode": "Halt"})"), refused);
  EXPECT_EQ(call("guest-shutdown", R"({"mode": ""})"), refused);
  EXPECT_TRUE(power.shutdowns.empty());
}

TEST_F(GuestShutdown, SaysWhyItDoesNotBegin) {
  power.result = failure("child process has failed to shutdown: no");
  EXPECT_EQ(call("guest-shutdown"), error_reply("child process has failed to shutdown: no"));
}

}  // namespace
}  // namespace bellhop::testing
