// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <array>

#include "platform/storage/nvme_smart_linux.h"

namespace bellhop::platform {
namespace {

TEST(NvmeSmart, ParsesTheLogPage) {
  std::array<std::byte, nvme_smart_size> page{};
  for (std::size_t i = 0; i < page.size(); ++i) page[i] = std::byte(i % 251);
  const NvmeSmart smart = parse_nvme_smart(page);
  EXPECT_EQ(smart.critical_warning, 0);
  EXPECT_EQ(smart.temperature, 0x0201);
  EXPECT_EQ(smart.available_spare, 3);
  EXPECT_EQ(smart.available_spare_threshold, 4);
  EXPECT_EQ(smart.percentage_used, 5);
  EXPECT_EQ(smart.data_units_read_lo, 0x2726252423222120U);
  EXPECT_EQ(smart.data_units_read_hi, 0x2F2E2D2C2B2A2928U);
  EXPECT_EQ(smart.data_units_written_lo, 0x3736353433323130U);
  EXPECT_EQ(smart.host_read_commands_lo, 0x4746454443424140U);
  EXPECT_EQ(smart.host_write_commands_lo, 0x5756555453525150U);
  EXPECT_EQ(smart.controller_busy_time_lo, 0x6766656463626160U);
  EXPECT_EQ(smart.power_cycles_lo, 0x7776757473727170U);
  EXPECT_EQ(smart.power_on_hours_lo, 0x8786858483828180U);
  EXPECT_EQ(smart.unsafe_shutdowns_lo, 0x9796959493929190U);
  EXPECT_EQ(smart.media_errors_lo, 0xA7A6A5A4A3A2A1A0U);
  EXPECT_EQ(smart.number_of_error_log_entries_lo, 0xB7B6B5B4B3B2B1B0U);
  EXPECT_EQ(smart.number_of_error_log_entries_hi, 0xBFBEBDBCBBBAB9B8U);
}

TEST(NvmeSmart, FailsForOtherFiles) {
  EXPECT_FALSE(nvme_smart("/dev/null"));
  EXPECT_FALSE(nvme_smart("/nonexistent"));
}

}  // namespace
}  // namespace bellhop::platform
