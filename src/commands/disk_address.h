// The address of a disk in the replies of several commands.
#pragma once

#include <array>
#include <string_view>

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
      field<"domain", &PciAddress::domain>("Domain; -1 when not known."),
      field<"bus", &PciAddress::bus>("Bus; -1 when not known."),
      field<"slot", &PciAddress::slot>("Slot; -1 when not known."),
      field<"function", &PciAddress::function>("Function; -1 when not known."));
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
          "The controller on the PCI bus, or the disk where it is one by itself, as with virtio "
          "and NVMe."),
      field<"bus-type", &DiskAddress::bus_type>("How the disk is attached."),
      field<"bus", &DiskAddress::bus>(
          "On IDE the controller's channel, with SCSI on virtio the SCSI channel, else 0."),
      field<"target", &DiskAddress::target>("With SCSI on virtio the SCSI target, else 0."),
      field<"unit", &DiskAddress::unit>(
          "On IDE 0 for the master and 1 for the slave, on SATA the controller's port, with SCSI "
          "on virtio the LUN, on other SCSI controllers the target, else 0."),
      field<"serial", &DiskAddress::serial>(
          "Serial number: udev's ID_SERIAL, which begins with vendor and model except for virtio "
          "disks."),
      field<"dev", &DiskAddress::dev>("The device node, as `/dev/sda1`."),
      field<"ccw-address", &DiskAddress::ccw_address>(
          "The device on the channel subsystem of a mainframe."));
}

}  // namespace bellhop::platform
