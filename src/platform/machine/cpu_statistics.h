// SPDX-License-Identifier: Apache-2.0
// CPU time by kind since boot, for each processor.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <vector>

#include "base/error.h"

namespace bellhop::platform {

// The operating systems that report such statistics.
enum class StatisticsType { on_linux };

// The times of one processor in milliseconds; nullopt where the kernel is too old to report one.
struct CpuStatistics {
  StatisticsType type = StatisticsType::on_linux;
  std::int64_t cpu = 0;  // CPU number
  std::uint64_t user = 0;
  std::uint64_t nice = 0;
  std::uint64_t system = 0;
  std::uint64_t idle = 0;
  std::optional<std::uint64_t> iowait;
  std::optional<std::uint64_t> irq;
  std::optional<std::uint64_t> softirq;
  std::optional<std::uint64_t> steal;
  std::optional<std::uint64_t> guest;
  std::optional<std::uint64_t> guestnice;
};

// One entry for each online processor, in the kernel's order. `system_root` contains /proc. Errors:
// `open("/proc/stat"): …`.
Result<std::vector<CpuStatistics>> cpu_statistics(const std::filesystem::path& system_root);

}  // namespace bellhop::platform
