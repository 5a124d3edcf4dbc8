// The guest's disks: what they are called, what they consist of and where they are plugged in.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"

namespace bellhop::platform {

// How a disk is attached. In the order of qemu-ga's GuestDiskBusType.
enum class DiskBus {
  ide,
  fdc,
  scsi,
  virtio,
  xen,
  usb,
  uml,
  sata,
  sd,
  unknown,
  ieee1394,
  ssa,
  fibre,
  raid,
  iscsi,
  sas,
  mmc,
  virtual_disk,
  file_backed_virtual,
  nvme,
};

// A PCI function; all -1 when there is none or it is not known.
struct PciAddress {
  std::int64_t domain = -1;
  std::int64_t bus = -1;
  std::int64_t slot = -1;
  std::int64_t function = -1;
};

// A subchannel and its device on a mainframe's channel subsystem.
struct CcwAddress {
  std::int64_t cssid = 0;
  std::int64_t ssid = 0;
  std::int64_t subchno = 0;
  std::int64_t devno = 0;
};

// Where a disk, or the disk that a partition is on, is to be found by the host.
struct DiskAddress {
  PciAddress pci_controller;
  DiskBus bus_type = DiskBus::unknown;
  std::int64_t bus = 0;  // bus, target and unit: 0 where the kind of controller has no such thing
  std::int64_t target = 0;
  std::int64_t unit = 0;
  std::optional<std::string> serial;
  std::optional<std::string> dev;  // "/dev/sda1"
  std::optional<CcwAddress> ccw_address;
};

// What an NVMe drive tells of its health: the log page "SMART / Health Information" of the NVMe
// Base Specification. Temperature in kelvin, the rest in the units of that page. 128-bit counters
// are in two members: `_lo` has the lower 64 bits.
struct NvmeSmart {
  std::int64_t critical_warning = 0;
  std::int64_t temperature = 0;
  std::int64_t available_spare = 0;
  std::int64_t available_spare_threshold = 0;
  std::int64_t percentage_used = 0;
  std::uint64_t data_units_read_lo = 0;
  std::uint64_t data_units_read_hi = 0;
  std::uint64_t data_units_written_lo = 0;
  std::uint64_t data_units_written_hi = 0;
  std::uint64_t host_read_commands_lo = 0;
  std::uint64_t host_read_commands_hi = 0;
  std::uint64_t host_write_commands_lo = 0;
  std::uint64_t host_write_commands_hi = 0;
  std::uint64_t controller_busy_time_lo = 0;
  std::uint64_t controller_busy_time_hi = 0;
  std::uint64_t power_cycles_lo = 0;
  std::uint64_t power_cycles_hi = 0;
  std::uint64_t power_on_hours_lo = 0;
  std::uint64_t power_on_hours_hi = 0;
  std::uint64_t unsafe_shutdowns_lo = 0;
  std::uint64_t unsafe_shutdowns_hi = 0;
  std::uint64_t media_errors_lo = 0;
  std::uint64_t media_errors_hi = 0;
  std::uint64_t number_of_error_log_entries_lo = 0;
  std::uint64_t number_of_error_log_entries_hi = 0;
};

// A whole disk or a partition.
struct Disk {
  std::string name;  // "/dev/sda"
  bool partition = false;
  // The devices it is made from; of a partition, its disk. Nothing where that has no meaning.
  std::optional<std::vector<std::string>> dependencies;
  std::optional<DiskAddress> address;  // of whole disks that are hardware
  std::optional<std::string> alias;    // the name that the device mapper's user gave it
  std::optional<NvmeSmart> smart;      // when the drive tells it to this process
};

// All disks that have a size, and their partitions. What goes away while they are listed, or does
// not tell something, is left out. `system_root` holds the system's /sys, /dev and /run. May block
// for as long as an NVMe drive does. Errors: the system has no list of disks.
Result<std::vector<Disk>> disks(const std::filesystem::path& system_root);

}  // namespace bellhop::platform
