// SPDX-License-Identifier: Apache-2.0
#include "platform/machine/cpu_statistics.h"

#include <gtest/gtest.h>

#include "unit/recorded_tree.h"

namespace bellhop::platform {
namespace {

using bellhop::testing::RecordedTree;

std::vector<CpuStatistics> statistics(const std::string& table) {
  const RecordedTree tree("proc/stat: " + table);
  auto cpus = cpu_statistics(tree.root());
  EXPECT_TRUE(cpus);
  return cpus.value_or(std::vector<CpuStatistics>{});
}

TEST(CpuStatistics, AreOfEachProcessorWithoutTheTotal) {
  const auto cpus = statistics("cpu  9 9 9 9\\ncpu0 1 2 3 4\\ncpu12 5 6 7 8\\nintr 1 2 3 4 5\\n");
  ASSERT_EQ(cpus.size(), 2U);
  EXPECT_EQ(cpus[0].cpu, 0);
  EXPECT_EQ(cpus[1].cpu, 12);
  EXPECT_EQ(cpus[1].idle, 80U);
}

TEST(CpuStatistics, OmitMissingColumnsOfOldKernels) {
  const auto cpus = statistics("cpu0 1 2 3 4 5 6 7\\n");
  ASSERT_EQ(cpus.size(), 1U);
  EXPECT_EQ(cpus[0].softirq, 70U);
  EXPECT_FALSE(cpus[0].steal);
  EXPECT_FALSE(cpus[0].guest);
}

TEST(CpuStatistics, SkipOtherLines) {
  EXPECT_EQ(statistics("\\ncpu\\ncpu0\\ncpu0 1 2 3\\ncpufreq 1 2 3 4 5\\n").size(), 0U);
}

TEST(CpuStatistics, AreReadFromTheSystem) {
  const auto cpus = cpu_statistics("/");
  ASSERT_TRUE(cpus);
  ASSERT_FALSE(cpus->empty());
  EXPECT_GT(cpus->front().user + cpus->front().system + cpus->front().idle, 0U);
}

}  // namespace
}  // namespace bellhop::platform
