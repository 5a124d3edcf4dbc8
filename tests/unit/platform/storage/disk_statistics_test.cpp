// SPDX-License-Identifier: Apache-2.0
#include "platform/storage/disk_statistics.h"

#include <gtest/gtest.h>

#include "unit/recorded_tree.h"

namespace bellhop::platform {
namespace {

using bellhop::testing::RecordedTree;

std::vector<DiskStatistics> statistics(const std::string& table) {
  const RecordedTree tree("proc/diskstats: " + table);
  auto disks = disk_statistics(tree.root());
  EXPECT_TRUE(disks);
  return disks.value_or(std::vector<DiskStatistics>{});
}

TEST(DiskStatistics, AreInTheOrderOfTheTable) {
  const auto disks = statistics("8 1 b 0 0 0 0 0 0 0 0 0 0 0\\n8 0 a 0 0 0 0 0 0 0 0 0 0 0\\n");
  ASSERT_EQ(disks.size(), 2U);
  EXPECT_EQ(disks[0].name, "b");
  EXPECT_EQ(disks[0].major, 8U);
  EXPECT_EQ(disks[0].minor, 1U);
  EXPECT_EQ(disks[1].name, "a");
}

TEST(DiskStatistics, OmitMissingColumnsOfOldKernels) {
  const auto before_4_18 = statistics("8 0 a 1 2 3 4 5 6 7 8 9 10 11\\n");
  ASSERT_EQ(before_4_18.size(), 1U);
  EXPECT_EQ(before_4_18[0].stats.weight_ticks, 11U);
  EXPECT_FALSE(before_4_18[0].stats.discard_ios);
  const auto before_5_5 = statistics("8 0 a 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15\\n");
  ASSERT_EQ(before_5_5.size(), 1U);
  EXPECT_EQ(before_5_5[0].stats.discard_ticks, 15U);
  EXPECT_FALSE(before_5_5[0].stats.flush_ios);
}

TEST(DiskStatistics, ReadTheOldFormatOfPartitions) {
  const auto disks = statistics("8 1 a1 1 2 3 4\\n");
  ASSERT_EQ(disks.size(), 1U);
  EXPECT_EQ(disks[0].stats.read_ios, 1U);
  EXPECT_EQ(disks[0].stats.read_sectors, 2U);
  EXPECT_EQ(disks[0].stats.write_ios, 3U);
  EXPECT_EQ(disks[0].stats.write_sectors, 4U);
  EXPECT_FALSE(disks[0].stats.read_merges);
}

TEST(DiskStatistics, AcceptColumnsOfLaterKernels) {
  const auto disks = statistics("8 0 a 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19\\n");
  ASSERT_EQ(disks.size(), 1U);
  EXPECT_EQ(disks[0].stats.flush_ticks, 17U);
}

TEST(DiskStatistics, SkipOtherLines) {
  EXPECT_EQ(statistics("\\nx\\n8 0 a 1 2 3\\nx 0 a 1 2 3 4 5 6 7 8 9 10 11\\n").size(), 0U);
}

TEST(DiskStatistics, ReadLargeNumbers) {
  const auto disks = statistics("8 0 a 18446744073709551615 2 3 4 5 6 7 8 9 10 11\\n");
  ASSERT_EQ(disks.size(), 1U);
  EXPECT_EQ(disks[0].stats.read_ios, 18446744073709551615U);
}

TEST(DiskStatistics, AreReadFromTheSystem) {
  EXPECT_TRUE(disk_statistics("/"));
}

}  // namespace
}  // namespace bellhop::platform
