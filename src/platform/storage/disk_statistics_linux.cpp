#include <utility>

#include "base/text.h"
#include "platform/machine/proc_table_linux.h"
#include "platform/storage/disk_statistics.h"

namespace bellhop::platform {
namespace {

using Words = std::vector<std::string_view>;

// The counters' places in a line, as Documentation/admin-guide/iostats.rst of the kernel numbers
// them, with the device's numbers and name in front.
void set_counters(DiskStatistics& disk, const Words& words) {
  const auto counter = [&](std::size_t place) {
    return text::parse_number<std::uint64_t>(words[place]);
  };
  if (words.size() == 7) {  // a partition, before Linux 2.6.25
    disk.read_ios = counter(3);
    disk.read_sectors = counter(4);
    disk.write_ios = counter(5);
    disk.write_sectors = counter(6);
  }
  if (words.size() >= 14) {
    disk.read_ios = counter(3);
    disk.read_merges = counter(4);
    disk.read_sectors = counter(5);
    disk.read_ticks = counter(6);
    disk.write_ios = counter(7);
    disk.write_merges = counter(8);
    disk.write_sectors = counter(9);
    disk.write_ticks = counter(10);
    disk.ios_pgr = counter(11);
    disk.total_ticks = counter(12);
    disk.weight_ticks = counter(13);
  }
  if (words.size() >= 18) {  // Linux 4.18
    disk.discard_ios = counter(14);
    disk.discard_merges = counter(15);
    disk.discard_sectors = counter(16);
    disk.discard_ticks = counter(17);
  }
  if (words.size() >= 20) {  // Linux 5.5
    disk.flush_ios = counter(18);
    disk.flush_ticks = counter(19);
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
    set_counters(disk, words);
    disks.push_back(std::move(disk));
  }
  return disks;
}

}  // namespace bellhop::platform
