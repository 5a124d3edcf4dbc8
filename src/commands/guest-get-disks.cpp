// SPDX-License-Identifier: Apache-2.0
#include "agent/services.h"
#include "commands/disk_address.h"
#include "platform/storage/disks.h"
#include "rpc/command.h"

namespace bellhop::platform {

constexpr auto fields_of(const NvmeSmart*) {
  using N = NvmeSmart;
  return fields<"GuestDiskSmart">(
      field<"type", &N::type>("Always `nvme`."),
      field<"critical-warning", &N::critical_warning>("The drive's warning bits; 0: no warning."),
      field<"temperature", &N::temperature>("Temperature, in kelvin."),
      field<"available-spare", &N::available_spare>("Spare capacity left, in percent."),
      field<"available-spare-threshold", &N::available_spare_threshold>(
          "Spare capacity below which the drive warns, in percent."),
      field<"percentage-used", &N::percentage_used>(
          "Used part of the drive's life, in percent; can exceed 100."),
      field<"data-units-read-lo", &N::data_units_read_lo>("Data read, in units of 512,000 bytes."),
      field<"data-units-read-hi", &N::data_units_read_hi>("The upper 64 bits."),
      field<"data-units-written-lo", &N::data_units_written_lo>(
          "Data written, in units of 512,000 bytes."),
      field<"data-units-written-hi", &N::data_units_written_hi>("The upper 64 bits."),
      field<"host-read-commands-lo", &N::host_read_commands_lo>("Number of reads."),
      field<"host-read-commands-hi", &N::host_read_commands_hi>("The upper 64 bits."),
      field<"host-write-commands-lo", &N::host_write_commands_lo>("Number of writes."),
      field<"host-write-commands-hi", &N::host_write_commands_hi>("The upper 64 bits."),
      field<"controller-busy-time-lo", &N::controller_busy_time_lo>("Busy time, in minutes."),
      field<"controller-busy-time-hi", &N::controller_busy_time_hi>("The upper 64 bits."),
      field<"power-cycles-lo", &N::power_cycles_lo>("Number of times the drive was switched on."),
      field<"power-cycles-hi", &N::power_cycles_hi>("The upper 64 bits."),
      field<"power-on-hours-lo", &N::power_on_hours_lo>(
          "Time for which the drive was on, in hours."),
      field<"power-on-hours-hi", &N::power_on_hours_hi>("The upper 64 bits."),
      field<"unsafe-shutdowns-lo", &N::unsafe_shutdowns_lo>(
          "Number of power losses without notice."),
      field<"unsafe-shutdowns-hi", &N::unsafe_shutdowns_hi>("The upper 64 bits."),
      field<"media-errors-lo", &N::media_errors_lo>(
          "Number of data errors that were not corrected."),
      field<"media-errors-hi", &N::media_errors_hi>("The upper 64 bits."),
      field<"number-of-error-log-entries-lo", &N::number_of_error_log_entries_lo>(
          "Number of errors logged in the drive's life."),
      field<"number-of-error-log-entries-hi", &N::number_of_error_log_entries_hi>(
          "The upper 64 bits."));
}

constexpr auto fields_of(const Disk*) {
  return fields<"GuestDiskInfo">(
      field<"name", &Disk::name>("The device node, such as `/dev/sda`."),
      field<"partition", &Disk::partition>("True for a partition."),
      field<"dependencies", &Disk::dependencies>(
          "The devices that this one is made from, such as the disks of an md or the volume "
          "beneath an encrypted one; for a partition, its disk."),
      field<"address", &Disk::address>(
          "Where the disk is attached; only for hardware disks, not for partitions."),
      field<"alias", &Disk::alias>("The device mapper's name, such as `vg-root`."),
      field<"smart", &Disk::smart>(
          "The health of an NVMe drive, if the drive reports it and the agent has permission to "
          "query it."));
}

}  // namespace bellhop::platform

namespace bellhop::commands {
namespace {

Result<std::vector<platform::Disk>> run(CommandContext& context, const Nothing&) {
  return platform::disks(context.services.system_root);
}

}  // namespace

extern constinit const Command guest_get_disks = declare<run>({
    .name = "guest-get-disks",
    .documentation =
        "Returns the disks of the guest and their partitions. These are all block devices that "
        "have a size: hardware, and devices made by the operating system, such as loop devices, "
        "md and device mapper. The reply contains the address of disks on virtio-blk, "
        "virtio-scsi, NVMe, USB, SATA (AHCI), IDE (PIIX) and the SCSI controllers of the LSI "
        "53C8xx family. With other controllers the bus type is `unknown`.",
    .since = "5.2",
    .access = Access::inspect,
});

}  // namespace bellhop::commands
