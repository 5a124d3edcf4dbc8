// SPDX-License-Identifier: Apache-2.0
#include "unit/commands/command_fixture.h"

namespace bellhop::testing {
namespace {

class GuestFsfreezeFreezeList : public CommandTest {};

TEST_F(GuestFsfreezeFreezeList, FreezesWhatIsNamed) {
  EXPECT_EQ(call("guest-fsfreeze-freeze-list", R"({"mountpoints": ["/home", "/proc"]})"),
            R"({"return": 1})");
  EXPECT_EQ(filesystems.frozen("/home"), 1);
  EXPECT_EQ(filesystems.frozen("/"), 0);
  EXPECT_TRUE(freeze.is_frozen());
}

TEST_F(GuestFsfreezeFreezeList, RefusesWhatIsNoMountpoint) {
  EXPECT_EQ(call("guest-fsfreeze-freeze-list", R"({"mountpoints": ["/home", "/nonexistent"]})"),
            error_reply("cannot freeze '/nonexistent': no filesystem is mounted there; "
                        "guest-get-fsinfo lists the mountpoints"));
  EXPECT_FALSE(freeze.is_frozen());
}

TEST_F(GuestFsfreezeFreezeList, FreezesNothingForAnEmptyList) {
  EXPECT_EQ(call("guest-fsfreeze-freeze-list", R"({"mountpoints": []})"), R"({"return": 0})");
  EXPECT_FALSE(freeze.is_frozen());
}

TEST_F(GuestFsfreezeFreezeList, FreezesAllWithoutAList) {
  EXPECT_EQ(call("guest-fsfreeze-freeze-list"), R"({"return": 2})");
}

TEST_F(GuestFsfreezeFreezeList, SaysWhyItFailed) {
  filesystems["/"].freeze_error = "failed to freeze /: Input/output error";
  EXPECT_EQ(call("guest-fsfreeze-freeze-list", R"({"mountpoints": ["/home", "/"]})"),
            error_reply("failed to freeze /: Input/output error"));
  EXPECT_EQ(filesystems.frozen("/home"), 0);
}

TEST_F(GuestFsfreezeFreezeList, RefusesWhatIsNoListOfStrings) {
  EXPECT_EQ(call("guest-fsfreeze-freeze-list", R"({"mountpoints": "/home"})"),
            error_reply("Invalid parameter type for 'mountpoints', expected: array"));
  EXPECT_EQ(call("guest-fsfreeze-freeze-list", R"({"mountpoints": ["/home", 1]})"),
            error_reply("Invalid parameter type for 'mountpoints[1]', expected: string"));
  EXPECT_EQ(call("guest-fsfreeze-freeze-list", R"({"mountpoints": [], "x": 1})"),
            error_reply("Parameter 'x' is unexpected"));
  EXPECT_FALSE(freeze.is_frozen());
}

}  // namespace
}  // namespace bellhop::testing
