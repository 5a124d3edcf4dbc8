// SPDX-License-Identifier: Apache-2.0
#include "unit/commands/system_tree_fixture.h"

namespace bellhop::testing {
namespace {

using GuestGetVcpus = SystemTreeTest;

TEST_F(GuestGetVcpus, ReturnsNumberAndState) {
  tree.make_directory("sys/devices/system/cpu/cpu0");
  tree.write("sys/devices/system/cpu/cpu1/online", "1\n");
  tree.write("sys/devices/system/cpu/cpu2/online", "0\n");
  EXPECT_EQ(call("guest-get-vcpus"),
            R"({"return": [{"logical-id": 0, "online": true, "can-offline": false}, )"
            R"({"logical-id": 1, "online": true, "can-offline": true}, )"
            R"({"logical-id": 2, "online": false, "can-offline": true}]})");
}

TEST_F(GuestGetVcpus, SaysWhatIsMissing) {
  EXPECT_EQ(
      call("guest-get-vcpus"),
      error_reply("failed to list entries: /sys/devices/system/cpu: No such file or directory"));
}

}  // namespace
}  // namespace bellhop::testing
