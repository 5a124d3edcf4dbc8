// SPDX-License-Identifier: Apache-2.0
#include "unit/commands/command_fixture.h"

namespace bellhop::testing {
namespace {

using GuestSuspendHybrid = CommandTest;

TEST_F(GuestSuspendHybrid, SuspendsInThisWay) {
  call("guest-suspend-hybrid");
  EXPECT_EQ(power.suspends, std::vector{platform::SuspendMode::hybrid});
}

TEST_F(GuestSuspendHybrid, SaysWhyTheGuestIsAwake) {
  power.result = failure("the requested suspend mode is not supported by the guest");
  EXPECT_EQ(call("guest-suspend-hybrid"),
            error_reply("the requested suspend mode is not supported by the guest"));
}

}  // namespace
}  // namespace bellhop::testing
