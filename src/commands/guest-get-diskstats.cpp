// SPDX-License-Identifier: Apache-2.0
#include "agent/services.h"
#include "platform/storage/disk_statistics.h"
#include "rpc/command.h"

namespace bellhop::platform {

constexpr auto fields_of(const DiskCounters*) {
  return fields<"GuestDiskStats">(
      field<"read-sectors", &DiskCounters::read_sectors>("Sectors of 512 bytes read."),
      field<"read-ios", &DiskCounters::read_ios>("Reads completed."),
      field<"read-merges", &DiskCounters::read_merges>("Reads merged into another read."),
      field<"write-sectors", &DiskCounters::write_sectors>("Sectors of 512 bytes written."),
      field<"write-ios", &DiskCounters::write_ios>("Writes completed."),
      field<"write-merges", &DiskCounters::write_merges>("Writes merged into another write."),
      field<"discard-sectors", &DiskCounters::discard_sectors>("Sectors of 512 bytes discarded."),
      field<"discard-ios", &DiskCounters::discard_ios>("Discards completed."),
      field<"discard-merges", &DiskCounters::discard_merges>(
          "Discards merged into another discard."),
      field<"flush-ios", &DiskCounters::flush_ios>("Flushes completed."),
      field<"read-ticks", &DiskCounters::read_ticks>("Time that reads took, in milliseconds."),
      field<"write-ticks", &DiskCounters::write_ticks>("Time that writes took, in milliseconds."),
      field<"discard-ticks", &DiskCounters::discard_ticks>(
          "Time that discards took, in milliseconds."),
      field<"flush-ticks", &DiskCounters::flush_ticks>("Time that flushes took, in milliseconds."),
      field<"ios-pgr", &DiskCounters::ios_pgr>("Requests in progress."),
      field<"total-ticks", &DiskCounters::total_ticks>(
          "Time in which at least one request was in progress, in milliseconds."),
      field<"weight-ticks", &DiskCounters::weight_ticks>(
          "Sum of the times of all requests, in milliseconds."));
}

constexpr auto fields_of(const DiskStatistics*) {
  return fields<"GuestDiskStatsInfo">(
      field<"name", &DiskStatistics::name>("The disk or partition, such as `sda1`."),
      field<"major", &DiskStatistics::major>("The device's major number."),
      field<"minor", &DiskStatistics::minor>("The device's minor number."),
      field<"stats", &DiskStatistics::stats>(
          "The counters that the kernel reports for the device."));
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
        "Returns the I/O counters of each disk and partition since the start of the guest. Only "
        "on Linux.",
    .since = "7.1",
    .systems = Systems::on_linux,
    .access = Access::inspect,
});

}  // namespace bellhop::commands
