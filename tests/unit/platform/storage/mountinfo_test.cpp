// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "platform/storage/mountinfo_linux.h"

namespace bellhop::platform {
namespace {

TEST(Mountinfo, ReadsTheIdsOfTheMountAndItsParent) {
  const auto mount = parse_mountinfo_line("36 35 98:1 / /mnt rw - ext3 /dev/root rw");
  ASSERT_TRUE(mount);
  EXPECT_EQ(mount->id, 36U);
  EXPECT_EQ(mount->parent_id, 35U);
}

TEST(Mountinfo, ReadsDeviceMountpointTypeAndSource) {
  const auto mount = parse_mountinfo_line(
      "36 35 98:1 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue");
  ASSERT_TRUE(mount);
  EXPECT_EQ(mount->id, 36U);
  EXPECT_EQ(mount->device_major, 98U);
  EXPECT_EQ(mount->device_minor, 1U);
  EXPECT_EQ(mount->mountpoint, "/mnt2");
  EXPECT_EQ(mount->type, "ext3");
  EXPECT_EQ(mount->source, "/dev/root");
  EXPECT_FALSE(mount->read_only);
}

TEST(Mountinfo, DistinguishesAReadOnlyFilesystemFromAReadOnlyMount) {
  EXPECT_FALSE(parse_mountinfo_line("1 2 8:1 / / ro - ext4 /dev/a rw,ro")->read_only);
  EXPECT_TRUE(parse_mountinfo_line("1 2 8:1 / / rw - ext4 /dev/a ro")->read_only);
  EXPECT_TRUE(parse_mountinfo_line("1 2 8:1 / / rw - ext4 /dev/a ro,x")->read_only);
}

TEST(Mountinfo, SeparatesMountsOfTheRootFromThoseOfDirectoriesAndFiles) {
  EXPECT_TRUE(parse_mountinfo_line("1 2 8:1 / /a rw - ext4 /dev/a rw")->is_of_root);
  EXPECT_FALSE(parse_mountinfo_line("1 2 8:1 /sub /a rw - ext4 /dev/a rw")->is_of_root);
  EXPECT_FALSE(parse_mountinfo_line("1 2 8:1 /x//deleted /a rw - ext4 /dev/a rw")->is_of_root);
}

TEST(Mountinfo, TakesTheRootOfABtrfsSubvolumeForARoot) {
  const auto is_of_root = [](const std::string& root, const std::string& options) {
    return parse_mountinfo_line("1 2 0:33 " + root + " /a rw - btrfs /dev/a rw" + options)
        ->is_of_root;
  };
  EXPECT_TRUE(is_of_root("/", ",subvolid=5,subvol=/"));
  EXPECT_TRUE(is_of_root("/@/home", ",subvolid=256,subvol=/@/home"));
  // The kernel escapes a comma in the options only; older ones may not.
  EXPECT_TRUE(is_of_root("/a\\040b,c", ",subvolid=256,subvol=/a\\040b\\054c"));
  EXPECT_TRUE(is_of_root("/a\\040b,c", ",subvolid=256,subvol=/a\\040b,c"));
  EXPECT_FALSE(is_of_root("/@/home/x", ",subvolid=256,subvol=/@/home"));
  EXPECT_FALSE(is_of_root("/x", ",subvolid=5,subvol=/"));
  EXPECT_TRUE(is_of_root("/", ""));
  EXPECT_FALSE(is_of_root("/@", ""));
}

TEST(Mountinfo, AcceptsAnyNumberOfOptionalFields) {
  EXPECT_EQ(parse_mountinfo_line("1 2 8:1 / / rw - ext4 /dev/a rw")->type, "ext4");
  EXPECT_EQ(parse_mountinfo_line("1 2 8:1 / / rw shared:1 master:2 x - ext4 /dev/a rw")->type,
            "ext4");
}

TEST(Mountinfo, DecodesTheKernelsEscapes) {
  const auto mount =
      parse_mountinfo_line(R"(1 2 8:1 / /sp\040ace\011tab\134slash\043 rw - ext4 /dev/a\040b rw)");
  ASSERT_TRUE(mount);
  EXPECT_EQ(mount->mountpoint, "/sp ace\ttab\\slash#");
  EXPECT_EQ(mount->source, "/dev/a b");
}

TEST(Mountinfo, KeepsOtherBackslashes) {
  EXPECT_EQ(parse_mountinfo_line(R"(1 2 8:1 / /a\9\04 rw - ext4 x rw)")->mountpoint, R"(/a\9\04)");
}

TEST(Mountinfo, AcceptsAnEmptySource) {
  const auto mount = parse_mountinfo_line("1 2 0:5 / /a rw - tmpfs  rw");
  ASSERT_TRUE(mount);
  EXPECT_EQ(mount->source, "");
}

TEST(Mountinfo, RejectsOtherLines) {
  for (const char* line : {"", "x", "x 2 8:1 / / rw - ext4 x", "1 x 8:1 / / rw - ext4 x",
                           "1 2 8 / / rw - ext4 x", "1 2 8:x / / rw - ext4 x", "1 2 8:1 / / rw",
                           "1 2 8:1 / / rw -", "1 2 8:1", "1 2 :1 / / rw - a b"}) {
    EXPECT_FALSE(parse_mountinfo_line(line)) << line;
  }
}

}  // namespace
}  // namespace bellhop::platform
