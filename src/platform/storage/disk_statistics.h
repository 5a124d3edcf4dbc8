// SPDX-License-Identifier: Apache-2.0
// I/O counters of the disks since boot.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"

namespace bellhop::platform {

// nullopt where the kernel is too old to report a counter. Times are in milliseconds, sectors have
// 512 bytes.
struct DiskCounters {
  std::optional<std::uint64_t> read_sectors;
  std::optional<std::uint64_t> read_ios;
  std::optional<std::uint64_t> read_merges;
  std::optional<std::uint64_t> write_sectors;
  std::optional<std::uint64_t> write_ios;
  std::optional<std::uint64_t> write_merges;
  std::optional<std::uint64_t> discard_sectors;
  std::optional<std::uint64_t> discard_ios;
  std::optional<std::uint64_t> discard_merges;
  std::optional<std::uint64_t> flush_ios;
  std::optional<std::uint64_t> read_ticks;
  std::optional<std::uint64_t> write_ticks;
  std::optional<std::uint64_t> discard_ticks;
  std::optional<std::uint64_t> flush_ticks;
  std::optional<std::uint64_t> ios_pgr;  // in flight now
  std::optional<std::uint64_t> total_ticks;
  std::optional<std::uint64_t> weight_ticks;
};

// One disk or partition.
struct DiskStatistics {
  std::string name;  // "sda1"
  std::uint64_t major = 0;
  std::uint64_t minor = 0;
  DiskCounters stats;
};

// In the kernel's order. `system_root` contains /proc. Errors: `open("/proc/diskstats"): …`.
Result<std::vector<DiskStatistics>> disk_statistics(const std::filesystem::path& system_root);

}  // namespace bellhop::platform
