// SPDX-License-Identifier: Apache-2.0
// The guest's disks: their names, the devices they are built from, and where they are attached.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"

namespace bellhop::platform {

// How a disk is attached. Same order as qemu-ga's GuestDiskBusType.
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

// A PCI function; all fields are -1 if there is none or it is not known.
struct PciAddress {
  std::int64_t domain = -1;
  std::int64_t bus = -1;
  std::int64_t slot = -1;
  std::int64_t function = -1;
};

// A subchannel, and its device, of a mainframe's channel subsystem.
struct CcwAddress {
  std::int64_t cssid = 0;
  std::int64_t ssid = 0;
  std::int64_t subchno = 0;
  std::int64_t devno = 0;
};

// Where the host has attached a disk, or the disk of a partition.
struct DiskAddress {
  PciAddress pci_controller;
  DiskBus bus_type = DiskBus::unknown;
  std::int64_t bus = 0;  // bus, target and unit: 0 where the kind of controller has none
  std::int64_t target = 0;
  std::int64_t unit = 0;
  std::optional<std::string> serial;
  std::optional<std::string> dev;  // "/dev/sda1"
  std::optional<CcwAddress> ccw_address;
};

// The health of an NVMe drive: the log page "SMART / Health Information" of the NVMe Base
// Specification. Temperature in kelvin, all other values in the units of that page. A 128-bit
// counter has two members: `_lo` has the lower 64 bits.
struct NvmeSmart {
  DiskBus type = DiskBus::nvme;
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
  // The devices that a disk is built from; for a partition, its disk. nullopt where that has no
  // meaning.
  std::optional<std::vector<std::string>> dependencies;
  std::optional<DiskAddress> address;  // whole hardware disks only
  std::optional<std::string> alias;    // the device-mapper name
  std::optional<NvmeSmart> smart;      // if the drive reports it to this process
};

// All disks of non-zero size, and their partitions. Devices that disappear during the listing, and
// values that cannot be read, are left out. `system_root` contains /sys, /dev and /run. May block
// for as long as an NVMe drive does. Errors: the kernel has no list of disks.
Result<std::vector<Disk>> disks(const std::filesystem::path& system_root);

}  // namespace bellhop::platform
