// SPDX-License-Identifier: Apache-2.0
#include "platform/storage/mounted_filesystems.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "unit/platform/storage/block_device_tree.h"

namespace bellhop::platform {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class MountedFilesystemsTest : public ::testing::Test {
 protected:
  // The filesystems of a table with "\\n" as line separator.
  std::vector<MountedFilesystem> filesystems(const std::string& table) {
    tree_.add("proc/self/mountinfo: " + table);
    auto found = mounted_filesystems(tree_.root());
    EXPECT_TRUE(found);
    return found.value_or(std::vector<MountedFilesystem>{});
  }
  std::vector<std::string> mountpoints(const std::string& table) {
    std::vector<std::string> found;
    for (const auto& filesystem : filesystems(table)) found.push_back(filesystem.mountpoint);
    return found;
  }
  // The mountpoints of the filesystems that may block.
  std::vector<std::string> blocking(const std::string& table) {
    std::vector<std::string> found;
    for (const auto& filesystem : filesystems(table)) {
      if (filesystem.may_block) found.push_back(filesystem.mountpoint);
    }
    return found;
  }

  static std::vector<std::string> paths(const MountedFilesystem& filesystem) {
    std::vector<std::string> found;
    for (const MountPlace& place : filesystem.places) found.push_back(place.path);
    return found;
  }

  bellhop::testing::BlockDeviceTree tree_;
};

TEST_F(MountedFilesystemsTest, AreListedOnceInReverseOrder) {
  EXPECT_THAT(mountpoints("1 0 8:1 / / rw - ext4 /dev/a rw\\n"
                          "2 1 8:2 / /data rw - ext4 /dev/b rw\\n"
                          "3 1 8:2 /sub /bind rw - ext4 /dev/b rw\\n"
                          "4 1 8:3 / /last rw - ext4 /dev/c rw\\n"),
              ElementsAre("/last", "/data", "/"));
}

TEST_F(MountedFilesystemsTest, HaveTheMountpointOfTheirRootIfThereIsOne) {
  const auto found = filesystems(
      "1 0 0:5 / / rw - tmpfs none rw\\n"
      "2 1 8:1 /hosts /etc/hosts rw - ext4 /dev/a rw\\n"
      "3 1 8:2 /sub /only rw - ext4 /dev/b rw\\n"
      "4 1 8:1 / /data rw - ext4 /dev/a rw\\n"
      "5 1 8:1 / /over/data rw - ext4 /dev/a rw\\n"
      "6 1 0:6 / /over rw - tmpfs none rw\\n");
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].mountpoint, "/only");
  EXPECT_EQ(found[1].mountpoint, "/data");
  EXPECT_EQ(found[1].mount_id, 4U);
  EXPECT_THAT(paths(found[1]), ElementsAre("/data", "/etc/hosts"));
}

TEST_F(MountedFilesystemsTest, HaveNoPlaceIfOthersAreMountedOverAll) {
  const auto found = filesystems(
      "1 0 0:5 / / rw - tmpfs none rw\\n"
      "2 1 8:1 / /a rw - ext4 /dev/a rw\\n"
      "3 2 8:2 / /a rw - ext4 /dev/b rw\\n");
  ASSERT_EQ(found.size(), 2U);
  EXPECT_THAT(paths(found[0]), ElementsAre("/a"));
  EXPECT_THAT(paths(found[1]), IsEmpty());
  EXPECT_EQ(found[1].mountpoint, "/a");
}

TEST_F(MountedFilesystemsTest, AreQueriedWhereNoServerIsInTheWay) {
  const auto found = filesystems(
      "1 0 0:5 / / rw - tmpfs none rw\\n"
      "2 1 0:40 / /nfs rw - nfs4 server:/x rw\\n"
      "3 2 8:1 / /nfs/a rw - ext4 /dev/a rw\\n"
      "4 1 8:1 /sub /b rw - ext4 /dev/a rw\\n");
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].mountpoint, "/nfs/a");
  EXPECT_THAT(paths(found[0]), ElementsAre("/b"));
  EXPECT_FALSE(found[0].may_block);
}

TEST_F(MountedFilesystemsTest, OmitFilesystemsWithoutADisk) {
  EXPECT_THAT(mountpoints("1 0 0:21 / /proc rw - proc proc rw\\n"
                          "2 1 0:40 / /nfs rw - nfs4 server:/x rw\\n"
                          "3 1 0:42 / /fuse rw - fuse.sshfs host:/ rw\\n"
                          "4 1 0:43 / /zfs rw - zfs pool/root rw\\n"
                          "5 1 0:44 / /overlay rw - overlay overlay rw\\n"),
              IsEmpty());
}

TEST_F(MountedFilesystemsTest, MayHaveAnyBytesInMountpoints) {
  EXPECT_THAT(mountpoints("1 0 8:1 / /sp\\\\040ace\xff rw - ext4 /dev/a rw\\n"),
              ElementsAre("/sp ace\xff"));
}

TEST_F(MountedFilesystemsTest, SkipInvalidLines) {
  EXPECT_THAT(mountpoints("\\nx\\n1 0 8:1 / /a rw - ext4 /dev/a rw\\n1 0 8:\\n"),
              ElementsAre("/a"));
}

TEST_F(MountedFilesystemsTest, HaveTheNameOfTheDevice) {
  tree_.add_device("sda1", "8:1");
  const auto found =
      filesystems("7 0 8:1 / /a rw - ext4 /dev/root rw\\n8 0 8:2 / /b rw - ext4 /dev/sda2 rw\\n");
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].name, "8:2");
  EXPECT_THAT(found[0].disk, IsEmpty());
  EXPECT_EQ(found[1].name, "sda1");
  EXPECT_EQ(found[1].type, "ext4");
  EXPECT_EQ(found[1].mount_id, 7U);
  ASSERT_EQ(found[1].disk.size(), 1U);
  EXPECT_EQ(found[1].disk[0].dev, "/dev/sda1");
}

TEST_F(MountedFilesystemsTest, ListAllDevicesOfBtrfs) {
  tree_.add_device("sda", "8:0");
  tree_.add_device("sdb", "8:16");
  tree_.add_device("sdc", "8:32");
  tree_.add_btrfs("a", {"sdb", "sda"});
  tree_.add_btrfs("b", {"sdc"});
  const auto found = filesystems(
      "1 0 0:33 / /c rw - btrfs /dev/sdc rw\\n1 0 0:34 / /a rw - btrfs /dev/sda rw\\n"
      "1 0 0:35 /sub /sub rw - btrfs /dev/sda rw\\n");
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].mountpoint, "/a");
  EXPECT_EQ(found[0].name, "sda");
  ASSERT_EQ(found[0].disk.size(), 2U);
  EXPECT_EQ(found[0].disk[0].dev, "/dev/sda");
  EXPECT_EQ(found[0].disk[1].dev, "/dev/sdb");
  ASSERT_EQ(found[1].disk.size(), 1U);
  EXPECT_EQ(found[1].disk[0].dev, "/dev/sdc");
}

TEST_F(MountedFilesystemsTest, OmitBtrfsWithoutADevice) {
  tree_.add("sys/class/block/odd/dev: 8\\n");
  EXPECT_THAT(mountpoints("1 0 0:33 / /b rw - btrfs /dev/null rw\\n"
                          "1 0 0:34 / /c rw - btrfs /dev/odd rw\\n"
                          "1 0 0:35 / /d rw - btrfs  rw\\n"),
              IsEmpty());
}

TEST_F(MountedFilesystemsTest, MayBlockIfAProgramServesThem) {
  EXPECT_THAT(blocking("1 0 8:1 / /a rw - ext4 /dev/a rw\\n"
                       "2 1 8:2 / /b rw - fuseblk /dev/b rw\\n"
                       "3 1 8:3 / /c rw - ocfs2 /dev/c rw\\n"
                       "4 1 8:4 / /d rw - fusectl /dev/d rw\\n"),
              ElementsAre("/c", "/b"));
}

TEST_F(MountedFilesystemsTest, MayBlockBelowARemoteMount) {
  // The table may list children before their parents.
  EXPECT_THAT(blocking("5 4 8:3 / /nfs/a/b rw - ext4 /dev/c rw\\n"
                       "1 0 8:1 / / rw - ext4 /dev/a rw\\n"
                       "2 1 0:40 / /nfs rw - nfs4 server:/x rw\\n"
                       "4 2 8:2 / /nfs/a rw - ext4 /dev/b rw\\n"
                       "6 1 8:4 / /home rw - ext4 /dev/d rw\\n"
                       "7 6 8:5 / /home/a rw - ext4 /dev/e rw\\n"),
              ElementsAre("/nfs/a", "/nfs/a/b"));
}

TEST_F(MountedFilesystemsTest, AreReadFromATableWithACycle) {
  EXPECT_THAT(blocking("1 2 8:1 / /a rw - ext4 /dev/a rw\\n2 1 8:2 / /b rw - ext4 /dev/b rw\\n"),
              IsEmpty());
}

TEST(MountedFilesystems, AreReadFromTheSystem) {
  EXPECT_TRUE(mounted_filesystems("/"));
  EXPECT_FALSE(mounted_filesystems("/nonexistent"));
}

}  // namespace
}  // namespace bellhop::platform
