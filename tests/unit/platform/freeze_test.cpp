#include "platform/freeze.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

// Freezing itself is tried on filesystems made for it, by tests/conformance/freeze_test.py. Here
// nothing is frozen.

namespace bellhop::platform {
namespace {

TEST(Filesystems, LeavesOutThoseWithoutADisk) {
  const auto mountpoints = system_filesystems()->mountpoints();
  ASSERT_TRUE(mountpoints);
  EXPECT_THAT(*mountpoints, ::testing::Not(::testing::Contains("/proc")));
  EXPECT_THAT(*mountpoints, ::testing::Not(::testing::Contains("/sys")));
}

TEST(Filesystems, SaysWhyOneCannotBeOpened) {
  const auto filesystem = system_filesystems()->open("/nonexistent");
  ASSERT_FALSE(filesystem);
  EXPECT_EQ(filesystem.error().message, "failed to open /nonexistent: No such file or directory");
}

}  // namespace
}  // namespace bellhop::platform
