// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "platform/storage/storage_order_linux.h"
#include "unit/platform/storage/block_device_tree.h"

namespace bellhop::platform {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<DiskFilesystem> filesystems_in(const std::string& table) {
  std::istringstream lines(table);
  return disk_filesystems(lines);
}

std::vector<std::string> mountpoints_in(const std::string& table) {
  std::vector<std::string> mountpoints;
  for (const auto& one : filesystems_in(table)) mountpoints.push_back(one.mounted.mountpoint);
  return mountpoints;
}

TEST(DiskFilesystems, AreInTheOrderOfTheTable) {
  EXPECT_THAT(mountpoints_in("1 0 8:1 / / rw - ext4 /dev/a rw\n"
                             "2 1 8:3 / /b rw - ext4 /dev/c rw\n"
                             "3 1 8:2 / /c rw - xfs /dev/b rw\n"),
              ElementsAre("/", "/b", "/c"));
}

TEST(DiskFilesystems, OmitNetworkAndMemoryFilesystems) {
  EXPECT_THAT(mountpoints_in("1 0 0:21 / /proc rw - proc proc rw\n"
                             "2 1 0:40 / /nfs rw - nfs4 server:/x rw\n"
                             "3 1 0:41 / /tmp rw - tmpfs tmpfs rw\n"
                             "4 1 0:42 / /fuse rw - fuse.sshfs host:/ rw\n"
                             "5 1 0:43 / /over rw - overlay overlay rw,lowerdir=/a\n"),
              IsEmpty());
}

TEST(DiskFilesystems, AreListedOnceWithAllTheirMounts) {
  const auto found = filesystems_in(
      "1 0 8:1 / / rw - ext4 /dev/a rw\n"
      "2 1 8:2 / /data rw - ext4 /dev/b rw\n"
      "3 1 8:2 /sub /bind rw - ext4 /dev/b rw\n"
      "4 1 8:1 / /again rw - ext4 /dev/a rw\n");
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].mounted.mountpoint, "/");
  ASSERT_EQ(found[1].mounted.places.size(), 2U);
  EXPECT_EQ(found[1].mounted.places[0].path, "/data");
  EXPECT_EQ(found[1].mounted.places[0].mount, 2U);
  EXPECT_EQ(found[1].mounted.places[1].path, "/bind");
  EXPECT_EQ(found[1].mounted.places[1].mount, 3U);
}

TEST(DiskFilesystems, HaveTheMountpointOfTheirRootIfThereIsOne) {
  const auto found = filesystems_in(
      "1 0 0:5 / / rw - tmpfs none rw\n"
      "2 1 8:1 /etc/hosts /etc/hosts rw - ext4 /dev/a rw\n"
      "3 1 8:2 /sub /only rw - ext4 /dev/b rw\n"
      "4 1 8:1 /sub /bind rw - ext4 /dev/a rw\n"
      "5 1 8:1 / /data rw - ext4 /dev/a rw\n"
      "6 1 8:1 / /again rw - ext4 /dev/a rw\n");
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].mounted.mountpoint, "/data");
  std::vector<std::string> paths;
  for (const auto& place : found[0].mounted.places) paths.push_back(place.path);
  EXPECT_THAT(paths, ElementsAre("/data", "/again", "/etc/hosts", "/bind"));
  EXPECT_EQ(found[1].mounted.mountpoint, "/only");
}

TEST(DiskFilesystems, HaveTheFirstMountpointOfASubvolumeOnBtrfs) {
  EXPECT_THAT(mountpoints_in("1 0 0:33 /@/x /bind rw - btrfs /dev/a rw,subvolid=256,subvol=/@\n"
                             "2 1 0:33 /@ / rw - btrfs /dev/a rw,subvolid=256,subvol=/@\n"
                             "3 1 0:33 / /mnt/top rw - btrfs /dev/a rw,subvolid=5,subvol=/\n"),
              ElementsAre("/"));
}

TEST(DiskFilesystems, ReportTheMountsThatAreHidden) {
  const auto found = filesystems_in(
      "1 0 0:5 / / rw - tmpfs none rw\n"
      "2 1 8:1 / /over/a rw - ext4 /dev/a rw\n"
      "3 1 8:1 / /b rw - ext4 /dev/a rw\n"
      "4 1 0:6 / /over rw - tmpfs none rw\n");
  ASSERT_EQ(found.size(), 1U);
  ASSERT_EQ(found[0].mounted.places.size(), 2U);
  EXPECT_TRUE(found[0].mounted.places[0].hidden);
  EXPECT_FALSE(found[0].mounted.places[1].hidden);
}

TEST(DiskFilesystems, HaveATypeAndTheNamesOfTheirDevices) {
  bellhop::testing::BlockDeviceTree tree;
  tree.add_device("sda", "8:0");
  tree.add_device("sdb", "8:16");
  tree.add_device("dm-0", "253:0");
  tree.add_btrfs("uuid", {"sda", "sdb"});
  auto found = filesystems_in(
      "1 0 253:0 / /a rw - xfs /dev/mapper/vg-data rw\n"
      "2 0 0:33 / /b rw - btrfs /dev/sda rw\n"
      "3 0 8:99 / /c rw - ext4  rw\n");
  add_device_names(found, tree.root());
  ASSERT_EQ(found.size(), 3U);
  EXPECT_EQ(found[0].mounted.type, "xfs");
  EXPECT_THAT(found[0].mounted.devices, ElementsAre("/dev/mapper/vg-data", "/dev/dm-0"));
  EXPECT_THAT(found[1].mounted.devices, ::testing::UnorderedElementsAre("/dev/sda", "/dev/sdb"));
  EXPECT_THAT(found[2].mounted.devices, IsEmpty());
}

TEST(DiskFilesystems, ListBtrfsOncePerDeviceNumber) {
  EXPECT_THAT(mountpoints_in("1 0 0:33 /root / rw - btrfs /dev/a rw,subvol=/root\n"
                             "2 1 0:33 /home /home rw - btrfs /dev/b rw,subvol=/home\n"
                             "3 1 0:34 / /other rw - btrfs /dev/c rw\n"),
              ElementsAre("/", "/other"));
}

TEST(DiskFilesystems, ReportWhetherTheFilesystemItselfIsReadOnly) {
  const auto found = filesystems_in(
      "1 0 8:1 / / ro - ext4 /dev/a rw\n"
      "2 1 8:2 / /iso ro - iso9660 /dev/sr0 ro\n"
      "3 1 8:3 / /x rw - ext4 /dev/b ro,errors=remount-ro\n"
      "4 1 8:4 / /y rw - ext4 /dev/c rock\n");
  ASSERT_EQ(found.size(), 4U);
  EXPECT_FALSE(found[0].mounted.read_only);
  EXPECT_TRUE(found[1].mounted.read_only);
  EXPECT_TRUE(found[2].mounted.read_only);
  EXPECT_FALSE(found[3].mounted.read_only);
}

TEST(DiskFilesystems, SkipInvalidLines) {
  EXPECT_THAT(mountpoints_in("nonsense\n\n1 0 8:1 / / rw - ext4 /dev/a rw\n"), ElementsAre("/"));
}

}  // namespace
}  // namespace bellhop::platform
