// SPDX-License-Identifier: Apache-2.0
#include "unit/commands/command_fixture.h"
#include "unit/recorded_tree.h"

namespace bellhop::testing {
namespace {

class GuestGetDiskstats : public CommandTest {};

TEST_F(GuestGetDiskstats, ReturnsTheCountersOfEachDisk) {
  const RecordedTree tree(
      "proc/diskstats:    8       0 sda 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17\\n");
  services.system_root = tree.root();
  EXPECT_EQ(call("guest-get-diskstats"),
            R"({"return": [{"name": "sda", "major": 8, "minor": 0, "stats": {"read-sectors": 3, )"
            R"("read-ios": 1, "read-merges": 2, "write-sectors": 7, "write-ios": 5, )"
            R"("write-merges": 6, "discard-sectors": 14, "discard-ios": 12, )"
            R"("discard-merges": 13, "flush-ios": 16, "read-ticks": 4, "write-ticks": 8, )"
            R"("discard-ticks": 15, "flush-ticks": 17, "ios-pgr": 9, "total-ticks": 10, )"
            R"("weight-ticks": 11}}]})");
}

TEST_F(GuestGetDiskstats, FailsWithoutStatistics) {
  services.system_root = directory.path();
  EXPECT_EQ(call("guest-get-diskstats"),
            error_reply("open(\\\"" + directory.path() +
                        "/proc/diskstats\\\"): No such file or directory"));
}

}  // namespace
}  // namespace bellhop::testing
