// SPDX-License-Identifier: Apache-2.0
#include "unit/commands/command_fixture.h"

namespace bellhop::testing {
namespace {

class GuestFsfreezeThaw : public CommandTest {};

TEST_F(GuestFsfreezeThaw, ReturnsHowManyThawed) {
  ASSERT_EQ(freeze.freeze(std::nullopt), 2);
  EXPECT_EQ(call("guest-fsfreeze-thaw"), R"({"return": 2})");
  EXPECT_FALSE(freeze.is_frozen());
}

TEST_F(GuestFsfreezeThaw, SucceedsWhenNothingIsFrozen) {
  EXPECT_EQ(call("guest-fsfreeze-thaw"), R"({"return": 0})");
}

TEST_F(GuestFsfreezeThaw, SaysWhyItFailed) {
  ASSERT_EQ(freeze.freeze(std::nullopt), 2);
  filesystems["/"].thaw_error = "failed to thaw /: Input/output error";
  EXPECT_EQ(call("guest-fsfreeze-thaw"), error_reply("failed to thaw /: Input/output error"));
  EXPECT_TRUE(freeze.is_frozen());
}

}  // namespace
}  // namespace bellhop::testing
