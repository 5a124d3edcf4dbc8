// SPDX-License-Identifier: Apache-2.0
#include "unit/commands/command_fixture.h"

namespace bellhop::testing {
namespace {

using GuestSuspendRam = CommandTest;

TEST_F(GuestSuspendRam, SuspendsInThisWay) {
  call("guest-suspend-ram");
  EXPECT_EQ(power.suspends, std::vector{platform::SuspendMode::ram});
}

TEST_F(GuestSuspendRam, SaysWhyTheGuestIsAwake) {
  power.result = failure("the requested suspend mode is not supported by the guest");
  EXPECT_EQ(call("guest-suspend-ram"),
            error_reply("the requested suspend mode is not supported by the guest"));
}

}  // namespace
}  // namespace bellhop::testing
