// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "platform/storage/hidden_mounts_linux.h"

namespace bellhop::platform {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// The ids of the hidden mounts of a table of (id, parent, mountpoint).
std::vector<std::uint64_t> hidden(const std::vector<Mount>& mounts) {
  const HiddenMounts table(mounts);
  std::vector<std::uint64_t> ids;
  for (const Mount& mount : mounts) {
    if (table.is_hidden(mount)) ids.push_back(mount.id);
  }
  return ids;
}

Mount mount(std::uint64_t id, std::uint64_t parent, std::string mountpoint) {
  return {.id = id, .parent_id = parent, .mountpoint = std::move(mountpoint)};
}

TEST(HiddenMounts, AreNotThoseBesideOrBelowOthers) {
  EXPECT_THAT(hidden({mount(1, 0, "/"), mount(2, 1, "/a"), mount(3, 2, "/a/b"), mount(4, 1, "/ab"),
                      mount(5, 1, "/c/d"), mount(6, 1, "/c/e")}),
              IsEmpty());
}

TEST(HiddenMounts, HaveAnotherAtTheSameMountpoint) {
  EXPECT_THAT(hidden({mount(1, 0, "/"), mount(2, 1, "/a"), mount(3, 2, "/a"), mount(4, 3, "/a")}),
              ElementsAre(2, 3));
}

TEST(HiddenMounts, HaveAnotherAtADirectoryAbove) {
  EXPECT_THAT(hidden({mount(1, 0, "/"), mount(2, 1, "/over/a/hidden"), mount(3, 1, "/over/a"),
                      mount(4, 3, "/over/a/seen")}),
              ElementsAre(2));
  EXPECT_THAT(hidden({mount(1, 0, "/"), mount(2, 1, "/over/hidden"), mount(3, 1, "/over"),
                      mount(4, 3, "/over/hidden")}),
              ElementsAre(2));
}

TEST(HiddenMounts, HaveAHiddenParent) {
  EXPECT_THAT(hidden({mount(1, 0, "/"), mount(2, 1, "/a"), mount(3, 2, "/a/b"), mount(4, 2, "/a"),
                      mount(5, 4, "/a/b")}),
              ElementsAre(2, 3));
}

TEST(HiddenMounts, AreNotThoseOnAMountThatCoversItsParent) {
  EXPECT_THAT(hidden({mount(1, 0, "/"), mount(2, 1, "/a"), mount(3, 2, "/a"), mount(4, 3, "/a/b")}),
              ElementsAre(2));
}

// A lookup begins in the mount that is the root of the process, which is the first of the table.
TEST(HiddenMounts, AreNotThoseBelowAMountOverTheRootOfTheProcess) {
  EXPECT_THAT(hidden({mount(1, 0, "/"), mount(2, 1, "/a"), mount(3, 1, "/")}), IsEmpty());
  EXPECT_THAT(hidden({mount(1, 1, "/"), mount(2, 1, "/a"), mount(3, 1, "/")}), IsEmpty());
}

TEST(HiddenMounts, AreFoundWithoutTheParentInTheTable) {
  EXPECT_THAT(hidden({mount(2, 1, "/a"), mount(3, 1, "/a/b"), mount(4, 2, "/a")}), ElementsAre(2));
}

TEST(HiddenMounts, AreFoundInATableWithACycle) {
  EXPECT_THAT(hidden({mount(1, 2, "/a"), mount(2, 1, "/b"), mount(3, 3, "/c")}), IsEmpty());
}

TEST(HiddenMounts, HavePlaces) {
  const std::vector<Mount> mounts{
      {.id = 2, .parent_id = 1, .device_major = 8, .device_minor = 3, .mountpoint = "/a"},
      {.id = 3, .parent_id = 2, .device_minor = 33, .mountpoint = "/a", .type = "btrfs"}};
  const HiddenMounts table(mounts);
  const MountPlace covered = table.place_of(mounts[0]);
  EXPECT_EQ(covered.path, "/a");
  EXPECT_EQ(covered.mount, 2U);
  EXPECT_EQ(covered.device_major, 8U);
  EXPECT_EQ(covered.device_minor, 3U);
  EXPECT_TRUE(covered.hidden);
  const MountPlace visible = table.place_of(mounts[1]);
  EXPECT_FALSE(visible.hidden);
  EXPECT_EQ(visible.device_minor, 0U) << "its subvolumes have device numbers of their own";
}

}  // namespace
}  // namespace bellhop::platform
