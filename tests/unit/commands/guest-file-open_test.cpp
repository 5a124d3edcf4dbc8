// SPDX-License-Identifier: Apache-2.0
#include <sys/stat.h>

#include <fstream>

#include "unit/commands/command_fixture.h"

namespace bellhop::commands {
namespace {

using GuestFileOpen = bellhop::testing::CommandTest;

TEST_F(GuestFileOpen, ReturnsHandlesFrom1000On) {
  const std::string arguments = R"({"path": ")" + directory.path() + R"("})";
  EXPECT_EQ(call("guest-file-open", arguments), R"({"return": 1000})");
  EXPECT_EQ(call("guest-file-open", arguments), R"({"return": 1001})");
}

TEST_F(GuestFileOpen, CreatesAFileWhenTheModeSaysSo) {
  const std::string path = directory / "f";
  EXPECT_EQ(call("guest-file-open", R"({"path": ")" + path + R"(", "mode": "w"})"),
            R"({"return": 1000})");
  EXPECT_TRUE(std::filesystem::exists(path));
}

// KubeVirt looks for the last words.
TEST_F(GuestFileOpen, ReadsOnlyWithoutAMode) {
  const std::string path = directory / "f";
  EXPECT_EQ(
      call("guest-file-open", R"({"path": ")" + path + R"("})"),
      error_reply("failed to open file '" + path + "' (mode: 'r'): No such file or directory"));
}

TEST_F(GuestFileOpen, LooksAtTheModeFirst) {
  EXPECT_EQ(call("guest-file-open", R"({"path": "/nowhere", "mode": "rw"})"),
            error_reply("invalid file open mode 'rw'"));
}

TEST_F(GuestFileOpen, NeedsAPath) {
  EXPECT_EQ(call("guest-file-open", R"({"mode": "rw"})"),
            error_reply("Parameter 'path' is missing"));
}

}  // namespace
}  // namespace bellhop::commands
