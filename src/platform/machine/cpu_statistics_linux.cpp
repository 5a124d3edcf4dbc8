// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include "base/text.h"
#include "platform/machine/cpu_statistics.h"
#include "platform/machine/proc_table_linux.h"

namespace bellhop::platform {
namespace {

// One line of proc_stat(5); nullopt if it does not describe one processor.
std::optional<CpuStatistics> parse(std::string_view line, std::uint64_t ticks_a_second) {
  if (!line.starts_with("cpu")) return std::nullopt;
  const auto words = text::words(line.substr(3));
  if (words.size() < 5) return std::nullopt;
  const auto cpu = text::parse_number<std::int64_t>(words[0]);
  if (!cpu || line[3] == ' ') return std::nullopt;  // "cpu " starts the line with the totals
  const auto time = [&](std::size_t place) -> std::optional<std::uint64_t> {
    if (place >= words.size()) return std::nullopt;
    const auto ticks = text::parse_number<std::uint64_t>(words[place]);
    if (!ticks) return std::nullopt;
    return *ticks * 1000 / ticks_a_second;
  };
  return CpuStatistics{
      .cpu = *cpu,
      .user = time(1).value_or(0),
      .nice = time(2).value_or(0),
      .system = time(3).value_or(0),
      .idle = time(4).value_or(0),
      .iowait = time(5),
      .irq = time(6),
      .softirq = time(7),
      .steal = time(8),
      .guest = time(9),
      .guestnice = time(10),
  };
}

}  // namespace

Result<std::vector<CpuStatistics>> cpu_statistics(const std::filesystem::path& system_root) {
  TRY_ASSIGN(const auto table, read_proc_table(system_root, "proc/stat"));
  const auto ticks_a_second = static_cast<std::uint64_t>(::sysconf(_SC_CLK_TCK));
  std::vector<CpuStatistics> cpus;
  for (const std::string& line : table) {
    if (const auto cpu = parse(line, ticks_a_second)) cpus.push_back(*cpu);
  }
  return cpus;
}

}  // namespace bellhop::platform
