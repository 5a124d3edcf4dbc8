// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "platform/storage/block_device_linux.h"
#include "platform/storage/btrfs_devices_linux.h"
#include "unit/platform/storage/block_device_tree.h"

namespace bellhop::platform {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

// Two filesystems: one on sda1 and a logical volume, one on a disk of a cciss controller.
class BtrfsDevicesTest : public ::testing::Test {
 protected:
  BtrfsDevicesTest() {
    tree_.add_device("sda", "8:0");
    tree_.add_partition("sda/sda1", "8:1");
    tree_.add_device("virtual/block/dm-3", "253:3");
    tree_.add("sys/devices/virtual/block/dm-3/dm/name: vg-data\\n");
    tree_.add_device("cciss!c0d1", "104:16");
    tree_.add_btrfs("a", {"sda/sda1", "virtual/block/dm-3"});
    tree_.add_btrfs("b", {"cciss!c0d1"});
    tree_.add("dev/dm-3: ");
    tree_.add("dev/disk/by-label/data -> ../../dm-3");
    tree_.add("elsewhere/sda1: ");
    tree_.add("dev/outside -> ../elsewhere/sda1");
  }

  bellhop::testing::BlockDeviceTree tree_;
  BtrfsDevices btrfs_{tree_.root()};
};

TEST_F(BtrfsDevicesTest, ReturnsAllNumbersForAnyNode) {
  EXPECT_THAT(btrfs_.numbers_of("/dev/sda1"), UnorderedElementsAre("8:1", "253:3"));
  EXPECT_THAT(btrfs_.numbers_of("/dev/dm-3"), UnorderedElementsAre("8:1", "253:3"));
}

TEST_F(BtrfsDevicesTest, FindsLogicalVolumesByName) {
  EXPECT_THAT(btrfs_.numbers_of("/dev/mapper/vg-data"), UnorderedElementsAre("8:1", "253:3"));
}

TEST_F(BtrfsDevicesTest, FollowsLinksToNodes) {
  EXPECT_THAT(btrfs_.numbers_of("/dev/disk/by-label/data"), UnorderedElementsAre("8:1", "253:3"));
}

TEST_F(BtrfsDevicesTest, FindsNodesInSubdirectoriesOfDev) {
  EXPECT_THAT(btrfs_.numbers_of("/dev/cciss/c0d1"), ElementsAre("104:16"));
}

TEST_F(BtrfsDevicesTest, ReturnsNoNumbersForOtherPaths) {
  for (const char* node : {"/dev/root", "/dev/sda", "sda1", "", "/dev/outside", "/mnt/sda1"}) {
    EXPECT_THAT(btrfs_.numbers_of(node), IsEmpty()) << node;
  }
}

TEST_F(BtrfsDevicesTest, OmitsDevicesThatAreGone) {
  tree_.remove("sys/devices/virtual");
  EXPECT_THAT(btrfs_.numbers_of("/dev/sda1"), ElementsAre("8:1"));
}

TEST_F(BtrfsDevicesTest, ReturnsTheOtherDevices) {
  const auto others = btrfs_.others("sda1");
  ASSERT_EQ(others.size(), 1U);
  const auto device = BlockDevice::find(tree_.root(), others[0]);
  ASSERT_TRUE(device);
  EXPECT_EQ(device->name(), "dm-3");
  EXPECT_THAT(btrfs_.others("sda"), IsEmpty());
}

}  // namespace
}  // namespace bellhop::platform
