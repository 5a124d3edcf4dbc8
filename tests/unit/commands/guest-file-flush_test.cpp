// SPDX-License-Identifier: Apache-2.0
#include "unit/commands/command_fixture.h"

namespace bellhop::commands {
namespace {

using GuestFileFlush = bellhop::testing::CommandTest;

TEST_F(GuestFileFlush, HasNothingToDo) {
  ASSERT_EQ(files.open("/dev/null", "w").value_or(-1), 1000);
  EXPECT_EQ(call("guest-file-flush", R"({"handle": 1000})"), R"({"return": {}})");
}

TEST_F(GuestFileFlush, NeedsAHandle) {
  EXPECT_EQ(call("guest-file-flush", R"({"handle": 7})"),
            error_reply("handle '7' has not been found"));
}

}  // namespace
}  // namespace bellhop::commands
