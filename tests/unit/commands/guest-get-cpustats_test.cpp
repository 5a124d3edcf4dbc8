// SPDX-License-Identifier: Apache-2.0
#include "unit/commands/command_fixture.h"
#include "unit/recorded_tree.h"

namespace bellhop::testing {
namespace {

class GuestGetCpustats : public CommandTest {};

TEST_F(GuestGetCpustats, ReturnsMillisecondsOfEachProcessor) {
  const RecordedTree tree(
      "proc/stat: cpu  1 2 3 4 5 6 7 8 9 10\\ncpu0 1 2 3 4 5 6 7 8 9 10\\ncpu1 1 0 0 1\\n");
  services.system_root = tree.root();
  EXPECT_EQ(call("guest-get-cpustats"),
            R"({"return": [{"type": "linux", "cpu": 0, "user": 10, "nice": 20, "system": 30, )"
            R"("idle": 40, "iowait": 50, "irq": 60, "softirq": 70, "steal": 80, "guest": 90, )"
            R"("guestnice": 100}, {"type": "linux", "cpu": 1, "user": 10, "nice": 0, )"
            R"("system": 0, "idle": 10}]})");
}

TEST_F(GuestGetCpustats, FailsWithoutStatistics) {
  services.system_root = directory.path();
  EXPECT_EQ(call("guest-get-cpustats"), error_reply("open(\\\"" + directory.path() +
                                                    "/proc/stat\\\"): No such file or directory"));
}

}  // namespace
}  // namespace bellhop::testing
