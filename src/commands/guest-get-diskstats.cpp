#include <vector>

#include "agent/services.h"
#include "platform/storage/disk_statistics.h"
#include "rpc/command.h"

namespace bellhop::platform {

constexpr auto fields_of(const DiskCounters*) {
  return fields<"GuestDiskStats">(
      field<"read-sectors", &DiskCounters::read_sectors>("Sectors of 512 bytes read."),
      field<"read-ios", &DiskCounters::read_ios>("Reads done."),
      field<"read-merges", &DiskCounters::read_merges>("Reads that became part of another one."),
      field<"write-sectors", &DiskCounters::write_sectors>("Sectors of 512 bytes written."),
      field<"write-ios", &DiskCounters::write_ios>("Writes done."),
      field<"write-merges", &DiskCounters::write_merges>("Writes that became part of another one."),
      field<"discard-sectors", &DiskCounters::discard_sectors>("Sectors of 512 bytes discarded."),
      field<"discard-ios", &DiskCounters::discard_ios>("Discards done."),
      field<"discard-merges", &DiskCounters::discard_merges>(
          "Discards that became part of another one."),
      field<"flush-ios", &DiskCounters::flush_ios>("Flushes done."),
      field<"read-ticks", &DiskCounters::read_ticks>("Time that reads took, milliseconds."),
      field<"write-ticks", &DiskCounters::write_ticks>("Time that writes took, milliseconds."),
      field<"discard-ticks", &DiskCounters::discard_ticks>(
          "Time that discards took, milliseconds."),
      field<"flush-ticks", &DiskCounters::flush_ticks>("Time that flushes took, milliseconds."),
      field<"ios-pgr", &DiskCounters::ios_pgr>("Requests that are under way."),
      field<"total-ticks", &DiskCounters::total_ticks>(
          "Time in which at least one request was under way, milliseconds."),
      field<"weight-ticks", &DiskCounters::weight_ticks>(
          "The times of all requests added up, milliseconds."));
}

constexpr auto fields_of(const DiskStatistics*) {
  return fields<"GuestDiskStatsInfo">(
      field<"name", &DiskStatistics::name>("The disk or partition, as `sda1`."),
      field<"major", &DiskStatistics::major>("The device's major number."),
      field<"minor", &DiskStatistics::minor>("The device's minor number."),
      field<"stats", &DiskStatistics::stats>("Its counters, as far as the kernel has them."));
}

}  // namespace bellhop::platform

namespace bellhop::commands {
namespace {

Result<std::vector<platform::DiskStatistics>> run(CommandContext& context, const Nothing&) {
  return platform::disk_statistics(context.services.system_root);
}

}  // namespace

extern constinit const Command guest_get_diskstats = declare<run>({
    .name = "guest-get-diskstats",
    .documentation =
        "Returns what each disk and partition has done since the guest's start. Only on Linux.",
    .since = "7.1",
    .systems = Systems::on_linux,
    .access = Access::inspect,
    .runs = Runs::worker,
});

}  // namespace bellhop::commands
