// SPDX-License-Identifier: Apache-2.0
#include "unit/commands/command_fixture.h"
#include "unit/environment_variable.h"

namespace bellhop::testing {
namespace {

using GuestGetTimezone = CommandTest;

TEST_F(GuestGetTimezone, ReturnsNameAndOffset) {
  EnvironmentVariable tz("TZ");
  tz.set("XYZ5:30");
  EXPECT_EQ(call("guest-get-timezone"), R"({"return": {"zone": "XYZ", "offset": -19800}})");
}

}  // namespace
}  // namespace bellhop::testing
