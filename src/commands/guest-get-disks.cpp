#include <vector>

#include "agent/services.h"
#include "commands/disk_address.h"
#include "platform/storage/disks.h"
#include "rpc/command.h"

namespace bellhop::platform {

constexpr auto fields_of(const NvmeSmart*) {
  using N = NvmeSmart;
  return fields<"GuestDiskSmart">(
      constant<"type", DiskBus::nvme>("Always `nvme`."),
      field<"critical-warning", &N::critical_warning>("Bits of the drive's warnings; 0: none."),
      field<"temperature", &N::temperature>("In kelvin."),
      field<"available-spare", &N::available_spare>("Spare capacity left, percent."),
      field<"available-spare-threshold", &N::available_spare_threshold>(
          "Spare capacity below which the drive warns, percent."),
      field<"percentage-used", &N::percentage_used>("Of the drive's life; may be above 100."),
      field<"data-units-read-lo", &N::data_units_read_lo>("In units of 512,000 bytes."),
      field<"data-units-read-hi", &N::data_units_read_hi>("The upper 64 bits."),
      field<"data-units-written-lo", &N::data_units_written_lo>("In units of 512,000 bytes."),
      field<"data-units-written-hi", &N::data_units_written_hi>("The upper 64 bits."),
      field<"host-read-commands-lo", &N::host_read_commands_lo>("Reads done."),
      field<"host-read-commands-hi", &N::host_read_commands_hi>("The upper 64 bits."),
      field<"host-write-commands-lo", &N::host_write_commands_lo>("Writes done."),
      field<"host-write-commands-hi", &N::host_write_commands_hi>("The upper 64 bits."),
      field<"controller-busy-time-lo", &N::controller_busy_time_lo>("In minutes."),
      field<"controller-busy-time-hi", &N::controller_busy_time_hi>("The upper 64 bits."),
      field<"power-cycles-lo", &N::power_cycles_lo>("How often it was switched on."),
      field<"power-cycles-hi", &N::power_cycles_hi>("The upper 64 bits."),
      field<"power-on-hours-lo", &N::power_on_hours_lo>("Hours that it was on."),
      field<"power-on-hours-hi", &N::power_on_hours_hi>("The upper 64 bits."),
      field<"unsafe-shutdowns-lo", &N::unsafe_shutdowns_lo>("How often power went without notice."),
      field<"unsafe-shutdowns-hi", &N::unsafe_shutdowns_hi>("The upper 64 bits."),
      field<"media-errors-lo", &N::media_errors_lo>("Data errors that were not corrected."),
      field<"media-errors-hi", &N::media_errors_hi>("The upper 64 bits."),
      field<"number-of-error-log-entries-lo", &N::number_of_error_log_entries_lo>(
          "Errors logged in the drive's life."),
      field<"number-of-error-log-entries-hi", &N::number_of_error_log_entries_hi>(
          "The upper 64 bits."));
}

constexpr auto fields_of(const Disk*) {
  return fields<"GuestDiskInfo">(
      field<"name", &Disk::name>("The device node, as `/dev/sda`."),
      field<"partition", &Disk::partition>("Whether it is a partition."),
      field<"dependencies", &Disk::dependencies>(
          "The devices that it is made from, as the disks of an md or the volume beneath an "
          "encrypted one; the disk of a partition."),
      field<"address", &Disk::address>(
          "Where it is to be found; only for disks that are hardware, not for partitions."),
      field<"alias", &Disk::alias>("The device mapper's name, as `vg-root`."),
      field<"smart", &Disk::smart>(
          "The health of an NVMe drive, when it tells it and the agent may ask."));
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
        "Returns the disks of the guest and their partitions: everything that is a block device "
        "and has a size, whether hardware or made by the system, as loop devices, md and device "
        "mapper. Where the host has plugged it in is told of disks on virtio-blk, virtio-scsi, "
        "NVMe, USB, SATA (AHCI), IDE (PIIX) and the SCSI controllers of the LSI 53C8xx family; "
        "with other controllers the bus type is `unknown`.",
    .since = "5.2",
    .access = Access::inspect,
    .runs = Runs::worker,
});

}  // namespace bellhop::commands
