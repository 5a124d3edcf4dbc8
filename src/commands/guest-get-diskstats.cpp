#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "agent/services.h"
#include "platform/storage/disk_statistics.h"
#include "rpc/command.h"

namespace bellhop::commands {
namespace {

struct Counters {
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
  std::optional<std::uint64_t> ios_pgr;
  std::optional<std::uint64_t> total_ticks;
  std::optional<std::uint64_t> weight_ticks;
};

constexpr auto fields_of(const Counters*) {
  return fields<"GuestDiskStats">(
      field<"read-sectors", &Counters::read_sectors>("Sectors of 512 bytes read."),
      field<"read-ios", &Counters::read_ios>("Reads done."),
      field<"read-merges", &Counters::read_merges>("Reads that became part of another one."),
      field<"write-sectors", &Counters::write_sectors>("Sectors of 512 bytes written."),
      field<"write-ios", &Counters::write_ios>("Writes done."),
      field<"write-merges", &Counters::write_merges>("Writes that became part of another one."),
      field<"discard-sectors", &Counters::discard_sectors>("Sectors of 512 bytes discarded."),
      field<"discard-ios", &Counters::discard_ios>("Discards done."),
      field<"discard-merges", &Counters::discard_merges>(
          "Discards that became part of another one."),
      field<"flush-ios", &Counters::flush_ios>("Flushes done."),
      field<"read-ticks", &Counters::read_ticks>("Time that reads took, milliseconds."),
      field<"write-ticks", &Counters::write_ticks>("Time that writes took, milliseconds."),
      field<"discard-ticks", &Counters::discard_ticks>("Time that discards took, milliseconds."),
      field<"flush-ticks", &Counters::flush_ticks>("Time that flushes took, milliseconds."),
      field<"ios-pgr", &Counters::ios_pgr>("Requests that are under way."),
      field<"total-ticks", &Counters::total_ticks>(
          "Time in which at least one request was under way, milliseconds."),
      field<"weight-ticks", &Counters::weight_ticks>(
          "The times of all requests added up, milliseconds."));
}

struct Disk {
  std::string name;
  std::uint64_t major;
  std::uint64_t minor;
  Counters stats;
};

constexpr auto fields_of(const Disk*) {
  return fields<"GuestDiskStatsInfo">(
      field<"name", &Disk::name>("The disk or partition, as `sda1`."),
      field<"major", &Disk::major>("The device's major number."),
      field<"minor", &Disk::minor>("The device's minor number."),
      field<"stats", &Disk::stats>("Its counters, as far as the kernel has them."));
}

Counters counters(const platform::DiskStatistics& disk) {
  return {
      .read_sectors = disk.read_sectors,
      .read_ios = disk.read_ios,
      .read_merges = disk.read_merges,
      .write_sectors = disk.write_sectors,
      .write_ios = disk.write_ios,
      .write_merges = disk.write_merges,
      .discard_sectors = disk.discard_sectors,
      .discard_ios = disk.discard_ios,
      .discard_merges = disk.discard_merges,
      .flush_ios = disk.flush_ios,
      .read_ticks = disk.read_ticks,
      .write_ticks = disk.write_ticks,
      .discard_ticks = disk.discard_ticks,
      .flush_ticks = disk.flush_ticks,
      .ios_pgr = disk.ios_pgr,
      .total_ticks = disk.total_ticks,
      .weight_ticks = disk.weight_ticks,
  };
}

Result<std::vector<Disk>> run(CommandContext& context, const Nothing&) {
  auto disks = platform::disk_statistics(context.services.system_root);
  if (!disks) return std::unexpected(std::move(disks).error());
  std::vector<Disk> reply;
  reply.reserve(disks->size());
  for (platform::DiskStatistics& disk : *disks) {
    reply.push_back({.name = std::move(disk.name),
                     .major = disk.major,
                     .minor = disk.minor,
                     .stats = counters(disk)});
  }
  return reply;
}

}  // namespace

extern constinit const Command guest_get_diskstats = declare<run>({
    .name = "guest-get-diskstats",
    .documentation =
        "Returns what each disk and partition has done since the guest's start. Only on Linux.",
    .since = "7.1",
    .access = Access::inspect,
    .runs = Runs::worker,
});

}  // namespace bellhop::commands
