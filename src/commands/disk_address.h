// SPDX-License-Identifier: Apache-2.0
// The address of a disk in the replies of several commands.
#pragma once

#include "platform/storage/disks.h"
#include "rpc/field.h"

namespace bellhop::platform {

constexpr std::array<std::string_view, 20> wire_names(DiskBus) {
  return {"ide",
          "fdc",
          "scsi",
          "virtio",
          "xen",
          "usb",
          "uml",
          "sata",
          "sd",
          "unknown",
          "ieee1394",
          "ssa",
          "fibre",
          "raid",
          "iscsi",
          "sas",
          "mmc",
          "virtual",
          "file-backed-virtual",
          "nvme"};
}

constexpr auto fields_of(const PciAddress*) {
  return fields<"GuestPCIAddress">(
      field<"domain", &PciAddress::domain>("Domain; -1 if unknown."),
      field<"bus", &PciAddress::bus>("Bus; -1 if unknown."),
      field<"slot", &PciAddress::slot>("Slot; -1 if unknown."),
      field<"function", &PciAddress::function>("Function; -1 if unknown."));
}

constexpr auto fields_of(const CcwAddress*) {
  return fields<"GuestCCWAddress">(field<"cssid", &CcwAddress::cssid>("Channel subsystem."),
                                   field<"ssid", &CcwAddress::ssid>("Subchannel set."),
                                   field<"subchno", &CcwAddress::subchno>("Subchannel."),
                                   field<"devno", &CcwAddress::devno>("Device."));
}

constexpr auto fields_of(const DiskAddress*) {
  return fields<"GuestDiskAddress">(
      field<"pci-controller", &DiskAddress::pci_controller>(
          "The controller on the PCI bus, or the disk itself if it is a PCI device, as with "
          "virtio and NVMe."),
      field<"bus-type", &DiskAddress::bus_type>("Type of the bus to which the disk is attached."),
      field<"bus", &DiskAddress::bus>(
          "IDE: the controller's channel. SCSI on virtio: the SCSI channel. Otherwise 0."),
      field<"target", &DiskAddress::target>("SCSI on virtio: the SCSI target. Otherwise 0."),
      field<"unit", &DiskAddress::unit>(
          "IDE: 0 for the master, 1 for the slave. SATA: the controller's port. SCSI on virtio: "
          "the LUN. Other SCSI controllers: the target. Otherwise 0."),
      field<"serial", &DiskAddress::serial>(
          "Serial number: udev's ID_SERIAL, which begins with vendor and model except for virtio "
          "disks."),
      field<"dev", &DiskAddress::dev>("The device node, such as `/dev/sda1`."),
      field<"ccw-address", &DiskAddress::ccw_address>(
          "The device on the channel subsystem of a mainframe."));
}

}  // namespace bellhop::platform
