// SPDX-License-Identifier: Apache-2.0
#include "unit/commands/system_tree_fixture.h"

namespace bellhop::testing {
namespace {

using GuestGetMemoryBlockInfo = SystemTreeTest;

TEST_F(GuestGetMemoryBlockInfo, ReturnsTheSizeInBytes) {
  tree.write("sys/devices/system/memory/block_size_bytes", "8000000\n");
  EXPECT_EQ(call("guest-get-memory-block-info"), R"({"return": {"size": 134217728}})");
}

TEST_F(GuestGetMemoryBlockInfo, SaysWhatIsMissing) {
  EXPECT_EQ(call("guest-get-memory-block-info"),
            error_reply(R"(open(\"/sys/devices/system/memory/\"): No such file or directory)"));
}

}  // namespace
}  // namespace bellhop::testing
