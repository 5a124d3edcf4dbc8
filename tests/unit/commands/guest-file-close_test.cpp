// SPDX-License-Identifier: Apache-2.0
#include "unit/commands/command_fixture.h"

namespace bellhop::commands {
namespace {

using GuestFileClose = bellhop::testing::CommandTest;

TEST_F(GuestFileClose, ForgetsTheHandle) {
  ASSERT_EQ(files.open("/dev/null", "r").value_or(-1), 1000);
  EXPECT_EQ(call("guest-file-close", R"({"handle": 1000})"), R"({"return": {}})");
  EXPECT_EQ(call("guest-file-close", R"({"handle": 1000})"),
            error_reply("handle '1000' has not been found"));
}

TEST_F(GuestFileClose, RefusesAHandleThatIsNoInteger) {
  EXPECT_EQ(call("guest-file-close", R"({"handle": "1000"})"),
            error_reply("Invalid parameter type for 'handle', expected: integer"));
  EXPECT_EQ(call("guest-file-close"), error_reply("Parameter 'handle' is missing"));
}

}  // namespace
}  // namespace bellhop::commands
