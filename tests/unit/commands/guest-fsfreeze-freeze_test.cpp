// SPDX-License-Identifier: Apache-2.0
#include "unit/commands/command_fixture.h"

namespace bellhop::testing {
namespace {

class GuestFsfreezeFreeze : public CommandTest {};

TEST_F(GuestFsfreezeFreeze, FreezesAllAndReturnsHowMany) {
  EXPECT_EQ(call("guest-fsfreeze-freeze"), R"({"return": 2})");
  EXPECT_EQ(filesystems.frozen("/"), 1);
  EXPECT_EQ(filesystems.frozen("/home"), 1);
  EXPECT_TRUE(freeze.is_frozen());
}

TEST_F(GuestFsfreezeFreeze, DoesNotCountKindsThatCannotFreeze) {
  filesystems["/home"].can_freeze = false;
  EXPECT_EQ(call("guest-fsfreeze-freeze"), R"({"return": 1})");
}

TEST_F(GuestFsfreezeFreeze, NamesTheFilesystemThatRefusesAndThawsTheOthers) {
  filesystems["/"].freeze_error = "failed to freeze /: Input/output error";
  EXPECT_EQ(call("guest-fsfreeze-freeze"), error_reply("failed to freeze /: Input/output error"));
  EXPECT_EQ(filesystems.frozen("/home"), 0);
  EXPECT_FALSE(freeze.is_frozen());
}

TEST_F(GuestFsfreezeFreeze, TakesNoArguments) {
  EXPECT_EQ(call("guest-fsfreeze-freeze", R"({"mountpoints": []})"),
            error_reply("Parameter 'mountpoints' is unexpected"));
  EXPECT_FALSE(freeze.is_frozen());
}

}  // namespace
}  // namespace bellhop::testing
