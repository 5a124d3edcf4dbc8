#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "agent/services.h"
#include "commands/disk_address.h"
#include "commands/nvme_smart.h"
#include "platform/storage/disks.h"
#include "rpc/command.h"

namespace bellhop::commands {
namespace {

struct Disk {
  std::string name;
  bool partition;
  std::optional<std::vector<std::string>> dependencies;
  std::optional<DiskAddress> address;
  std::optional<std::string> alias;
  std::optional<NvmeSmart> smart;
};

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

Result<std::vector<Disk>> run(CommandContext& context, const Nothing&) {
  auto disks = platform::disks(context.services.system_root);
  if (!disks) return std::unexpected(std::move(disks).error());
  std::vector<Disk> reply;
  reply.reserve(disks->size());
  for (platform::Disk& disk : *disks) {
    Disk form{.name = std::move(disk.name),
              .partition = disk.partition,
              .dependencies = std::move(disk.dependencies),
              .alias = std::move(disk.alias)};
    if (disk.address) form.address = wire_form(*std::move(disk.address));
    if (disk.smart) form.smart = wire_form(*disk.smart);
    reply.push_back(std::move(form));
  }
  return reply;
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
