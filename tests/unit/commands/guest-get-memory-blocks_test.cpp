// SPDX-License-Identifier: Apache-2.0
#include "unit/commands/system_tree_fixture.h"

namespace bellhop::testing {
namespace {

using GuestGetMemoryBlocks = SystemTreeTest;

TEST_F(GuestGetMemoryBlocks, ReturnsNumberAndState) {
  tree.write("sys/devices/system/memory/memory0/state", "online\n");
  tree.write("sys/devices/system/memory/memory0/removable", "0\n");
  tree.write("sys/devices/system/memory/memory32/state", "offline\n");
  tree.write("sys/devices/system/memory/memory32/removable", "1\n");
  EXPECT_EQ(call("guest-get-memory-blocks"),
            R"({"return": [{"phys-index": 0, "online": true, "can-offline": false}, )"
            R"({"phys-index": 32, "online": false, "can-offline": true}]})");
}

TEST_F(GuestGetMemoryBlocks, IsEmptyWhenTheKernelHasNone) {
  EXPECT_EQ(call("guest-get-memory-blocks"), R"({"return": []})");
}

}  // namespace
}  // namespace bellhop::testing
