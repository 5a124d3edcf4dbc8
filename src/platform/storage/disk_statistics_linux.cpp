// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "base/text.h"
#include "platform/machine/proc_table_linux.h"
#include "platform/storage/disk_statistics.h"

namespace bellhop::platform {
namespace {

using Words = std::vector<std::string_view>;

// The kernel's Documentation/admin-guide/iostats.rst defines the order of the counters; the
// device's numbers and name precede them.
void set_counters(DiskCounters& stats, const Words& words) {
  const auto counter = [&](std::size_t place) {
    return text::parse_number<std::uint64_t>(words[place]);
  };
  if (words.size() == 7) {  // a partition, before Linux 2.6.25
    stats.read_ios = counter(3);
    stats.read_sectors = counter(4);
    stats.write_ios = counter(5);
    stats.write_sectors = counter(6);
  }
  if (words.size() >= 14) {
    stats.read_ios = counter(3);
    stats.read_merges = counter(4);
    stats.read_sectors = counter(5);
    stats.read_ticks = counter(6);
    stats.write_ios = counter(7);
    stats.write_merges = counter(8);
    stats.write_sectors = counter(9);
    stats.write_ticks = counter(10);
    stats.ios_pgr = counter(11);
    stats.total_ticks = counter(12);
    stats.weight_ticks = counter(13);
  }
  if (words.size() >= 18) {  // since Linux 4.18
    stats.discard_ios = counter(14);
    stats.discard_merges = counter(15);
    stats.discard_sectors = counter(16);
    stats.discard_ticks = counter(17);
  }
  if (words.size() >= 20) {  // since Linux 5.5
    stats.flush_ios = counter(18);
    stats.flush_ticks = counter(19);
  }
}

}  // namespace

Result<std::vector<DiskStatistics>> disk_statistics(const std::filesystem::path& system_root) {
  TRY_ASSIGN(const auto table, read_proc_table(system_root, "proc/diskstats"));
  std::vector<DiskStatistics> disks;
  disks.reserve(table.size());
  for (const std::string& line : table) {
    const Words words = text::words(line);
    if (words.size() < 7) continue;
    const auto major = text::parse_number<std::uint64_t>(words[0]);
    const auto minor = text::parse_number<std::uint64_t>(words[1]);
    if (!major || !minor) continue;
    DiskStatistics disk{.name = std::string(words[2]), .major = *major, .minor = *minor};
    set_counters(disk.stats, words);
    disks.push_back(std::move(disk));
  }
  return disks;
}

}  // namespace bellhop::platform
