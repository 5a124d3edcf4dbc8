// SPDX-License-Identifier: Apache-2.0
#include "unit/commands/command_fixture.h"

namespace bellhop::testing {
namespace {

using GuestSuspendDisk = CommandTest;

TEST_F(GuestSuspendDisk, SuspendsInThisWay) {
  call("guest-suspend-disk");
  EXPECT_EQ(power.suspends, std::vector{platform::SuspendMode::disk});
}

TEST_F(GuestSuspendDisk, SaysWhyTheGuestIsAwake) {
  power.result = failure("the requested suspend mode is not supported by the guest");
  EXPECT_EQ(call("guest-suspend-disk"),
            error_reply("the requested suspend mode is not supported by the guest"));
}

}  // namespace
}  // namespace bellhop::testing
