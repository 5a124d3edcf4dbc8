// SPDX-License-Identifier: Apache-2.0
#include "state/freeze/freeze_rules.h"

#include <gtest/gtest.h>

namespace bellhop::state {
namespace {

const platform::LocalFilesystem& data() {
  static const platform::LocalFilesystem filesystem{
      .mountpoint = "/data",
      .places = {{.path = "/data"}, {.path = "/mnt/bound"}},
      .type = "ext4",
      .devices = {"/dev/mapper/vg-data", "/dev/dm-0"}};
  return filesystem;
}

std::string why(const FreezeRules& rules) {
  const auto exclusion = excluded_by(rules, data());
  return exclusion ? exclusion->why : "";
}

TEST(FreezeRules, ExcludeNothingByDefault) {
  EXPECT_EQ(why({}), "");
  EXPECT_EQ(why({.skip_types = {"vfat", "ext"},
                 .skip_mountpoints = {"/dat", "data", "/data/*"},
                 .skip_devices = {"/dev/sd*", "vg-data"}}),
            "");
}

TEST(FreezeRules, ExcludeByType) {
  EXPECT_EQ(why({.skip_types = {"vfat", "ext[234]"}}), "skip-types of [freeze] has 'ext[234]'");
}

TEST(FreezeRules, ExcludeByMountpoint) {
  const FreezeRules rules{.skip_mountpoints = {"/da*"}};
  EXPECT_EQ(why(rules), "skip-mountpoints of [freeze] has '/da*'");
  EXPECT_TRUE(excluded_by(rules, data())->is_plain);
}

TEST(FreezeRules, ExcludeByAnotherMountpoint) {
  const FreezeRules rules{.skip_mountpoints = {"/mnt/*"}};
  EXPECT_EQ(why(rules),
            "skip-mountpoints of [freeze] has '/mnt/*', and '/mnt/bound' is a mount of it");
  EXPECT_FALSE(excluded_by(rules, data())->is_plain);
}

TEST(FreezeRules, ExcludeByEachNameOfADevice) {
  EXPECT_EQ(why({.skip_devices = {"/dev/mapper/vg-*"}}),
            "skip-devices of [freeze] has '/dev/mapper/vg-*'");
  EXPECT_EQ(why({.skip_devices = {"/dev/dm-0"}}), "skip-devices of [freeze] has '/dev/dm-0'");
}

}  // namespace
}  // namespace bellhop::state
