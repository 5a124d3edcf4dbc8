// Where a disk is to be found, as the replies of several commands tell it.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

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

}  // namespace bellhop::platform

namespace bellhop::commands {

struct PciAddress {
  std::int64_t domain;
  std::int64_t bus;
  std::int64_t slot;
  std::int64_t function;
};

constexpr auto fields_of(const PciAddress*) {
  return fields<"GuestPCIAddress">(
      field<"domain", &PciAddress::domain>("Domain; -1 when not known."),
      field<"bus", &PciAddress::bus>("Bus; -1 when not known."),
      field<"slot", &PciAddress::slot>("Slot; -1 when not known."),
      field<"function", &PciAddress::function>("Function; -1 when not known."));
}

struct CcwAddress {
  std::int64_t cssid;
  std::int64_t ssid;
  std::int64_t subchno;
  std::int64_t devno;
};

constexpr auto fields_of(const CcwAddress*) {
  return fields<"GuestCCWAddress">(field<"cssid", &CcwAddress::cssid>("Channel subsystem."),
                                   field<"ssid", &CcwAddress::ssid>("Subchannel set."),
                                   field<"subchno", &CcwAddress::subchno>("Subchannel."),
                                   field<"devno", &CcwAddress::devno>("Device."));
}

struct DiskAddress {
  PciAddress pci_controller;
  platform::DiskBus bus_type;
  std::int64_t bus;
  std::int64_t target;
  std::int64_t unit;
  std::optional<std::string> serial;
  std::optional<std::string> dev;
  std::optional<CcwAddress> ccw_address;
};

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

inline PciAddress wire_form(const platform::PciAddress& address) {
  return {.domain = address.domain,
          .bus = address.bus,
          .slot = address.slot,
          .function = address.function};
}

inline CcwAddress wire_form(const platform::CcwAddress& address) {
  return {.cssid = address.cssid,
          .ssid = address.ssid,
          .subchno = address.subchno,
          .devno = address.devno};
}

inline DiskAddress wire_form(platform::DiskAddress&& address) {
  DiskAddress form{.pci_controller = wire_form(address.pci_controller),
                   .bus_type = address.bus_type,
                   .bus = address.bus,
                   .target = address.target,
                   .unit = address.unit,
                   .serial = std::move(address.serial),
                   .dev = std::move(address.dev)};
  if (address.ccw_address) form.ccw_address = wire_form(*address.ccw_address);
  return form;
}

}  // namespace bellhop::commands
