// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include "unit/commands/command_fixture.h"

namespace bellhop::testing {
namespace {

class GuestFstrim : public CommandTest {};

TEST_F(GuestFstrim, TrimsEachFilesystemTheLastOneFirst) {
  filesystems["/"].trimmed = {.bytes = 4096, .minimum = 512};
  EXPECT_EQ(call("guest-fstrim"),
            R"({"return": {"paths": [{"path": "/home", "trimmed": 0, "minimum": 0}, )"
            R"({"path": "/", "trimmed": 4096, "minimum": 512}]}})");
  EXPECT_THAT(filesystems.take_log(), ::testing::ElementsAre("trim /home 0", "trim / 0"));
}

TEST_F(GuestFstrim, PassesTheMinimumOn) {
  call("guest-fstrim", R"({"minimum": 65536})");
  EXPECT_THAT(filesystems.take_log(), ::testing::ElementsAre("trim /home 65536", "trim / 65536"));
}

TEST_F(GuestFstrim, SaysOfEachWhyItCouldNotBeTrimmed) {
  filesystems["/"].open_error = "Permission denied";
  filesystems["/"].open_system_error = std::make_error_code(std::errc::permission_denied);
  filesystems["/home"].trim_error = "trim not supported";
  EXPECT_EQ(call("guest-fstrim"),
            R"({"return": {"paths": [{"path": "/home", "error": "trim not supported"}, )"
            R"({"path": "/", "error": "failed to open: Permission denied"}]}})");
}

TEST_F(GuestFstrim, SaysThatAFilesystemIsCovered) {
  filesystems["/"].covered = true;
  EXPECT_THAT(call("guest-fstrim"), ::testing::HasSubstr("another filesystem is mounted over it"));
}

TEST_F(GuestFstrim, TakesANumber) {
  EXPECT_EQ(call("guest-fstrim", R"({"minimum": "x"})"),
            error_reply("Invalid parameter type for 'minimum', expected: integer"));
}

}  // namespace
}  // namespace bellhop::testing
