// SPDX-License-Identifier: Apache-2.0
#include "platform/storage/disk_address_linux.h"

#include <algorithm>
#include <array>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "base/text.h"

namespace bellhop::platform {
namespace {

namespace fs = std::filesystem;

// "0000:00:1f.2"
std::optional<PciAddress> pci_address(std::string_view part) {
  const auto domain = text::parse_number<std::uint32_t>(text::consume_until(part, ':'), 16);
  const auto bus = text::parse_number<std::uint8_t>(text::consume_until(part, ':'), 16);
  const auto slot = text::parse_number<std::uint8_t>(text::consume_until(part, '.'), 16);
  const auto function = text::parse_number<std::uint8_t>(part, 16);
  if (!domain || !bus || !slot || !function) return std::nullopt;
  return PciAddress{*domain, *bus, *slot, *function};
}

// The file name of a symbolic link's target, such as the name of a device's driver.
std::string link_target(const fs::path& link) {
  std::error_code error;
  const fs::path target = fs::read_symlink(link, error);
  return error ? std::string() : target.filename().string();
}

struct Controller {
  PciAddress address;
  std::string driver;
};

// The PCI function whose driver serves disks; the PCI functions before it are bridges. The location
// need not begin with a PCI bus: on ARM it is "platform/4010000000.pcie/pci0000:00/…".
std::optional<Controller> find_controller(const BlockDevice& device) {
  constexpr std::array<std::string_view, 7> known = {"ahci",      "ata_piix",   "ehci-pci", "nvme",
                                                     "sym53c8xx", "virtio-pci", "xhci_hcd"};
  for (std::size_t i = 0; i < device.location().size(); ++i) {
    const auto address = pci_address(device.location()[i]);
    if (!address) continue;
    std::string driver = link_target(device.directory_of(i + 1) / "driver");
    if (std::ranges::find(known, driver) != known.end()) {
      return Controller{*address, std::move(driver)};
    }
  }
  return std::nullopt;
}

// The position of a SCSI device on its host adapter.
struct ScsiPlace {
  std::int64_t channel = 0;
  std::int64_t target = 0;
  std::int64_t lun = 0;
};

// Parses "target2:0:1/2:0:1:3": host 2, channel 0, target 1, LUN 3.
std::optional<ScsiPlace> scsi_place(const BlockDevice& device) {
  const auto& location = device.location();
  for (std::size_t i = 0; i + 1 < location.size(); ++i) {
    if (!location[i].starts_with("target")) continue;
    std::string_view rest = location[i + 1];
    text::consume_until(rest, ':');
    const auto channel = text::parse_number<std::uint32_t>(text::consume_until(rest, ':'));
    const auto target = text::parse_number<std::uint32_t>(text::consume_until(rest, ':'));
    const auto lun = text::parse_number<std::uint32_t>(rest);
    if (channel && target && lun) return ScsiPlace{*channel, *target, *lun};
  }
  return std::nullopt;
}

// The port of an ATA disk on its controller, from 0. The kernel numbers the ports ("ata3", or
// "host2" before Linux 3.0) across all controllers.
std::optional<std::int64_t> ata_port(const BlockDevice& device) {
  for (const std::string_view prefix : {"ata", "host"}) {
    for (std::size_t i = 0; i < device.location().size(); ++i) {
      const auto own = text::parse_number_after<unsigned int>(prefix, device.location()[i]);
      if (!own) continue;
      std::int64_t before = 0;
      for (const std::string& name : names_in(device.directory_of(i))) {
        const auto number = text::parse_number_after<unsigned int>(prefix, name);
        if (number && *number < *own) ++before;
      }
      return before;
    }
  }
  return std::nullopt;
}

bool set_ata(DiskAddress& address, const BlockDevice& device, DiskBus type) {
  const auto place = scsi_place(device);
  const auto port = ata_port(device);
  if (!place || !port) return false;
  address.bus_type = type;
  if (type == DiskBus::ide) {
    address.bus = *port;
    address.unit = place->target;  // 0: master, 1: slave
  } else {
    address.unit = *port;
  }
  return true;
}

void set_virtio(DiskAddress& address, const BlockDevice& device) {
  const auto place = scsi_place(device);
  address.bus_type = place ? DiskBus::scsi : DiskBus::virtio;
  if (!place) return;
  address.bus = place->channel;
  address.target = place->target;
  address.unit = place->lun;
}

bool set_by_driver(DiskAddress& address, const BlockDevice& device, std::string_view driver) {
  if (driver == "virtio-pci") {
    set_virtio(address, device);
    return true;
  }
  if (driver == "ahci") return set_ata(address, device, DiskBus::sata);
  if (driver == "ata_piix") return set_ata(address, device, DiskBus::ide);
  if (driver == "sym53c8xx") {
    const auto place = scsi_place(device);
    if (!place) return false;
    address.bus_type = DiskBus::scsi;
    address.unit = place->target;
    return true;
  }
  address.bus_type = driver == "nvme" ? DiskBus::nvme : DiskBus::usb;
  return true;
}

// "css0/0.0.0001/0.0.0600": channel subsystem 0, subchannel set 0, subchannel 1, device 600.
std::optional<CcwAddress> ccw_address(const BlockDevice& device) {
  const auto& location = device.location();
  if (location.size() < 3 || !location[0].starts_with("css")) return std::nullopt;
  std::string_view subchannel = location[1];
  const auto cssid = text::parse_number<std::uint32_t>(text::consume_until(subchannel, '.'), 16);
  const auto ssid = text::parse_number<std::uint32_t>(text::consume_until(subchannel, '.'), 16);
  const auto subchno = text::parse_number<std::uint32_t>(subchannel, 16);
  const auto devno = text::parse_number<std::uint32_t>(
      std::string_view(location[2]).substr(location[2].rfind('.') + 1), 16);
  if (!cssid || !ssid || !subchno || !devno) return std::nullopt;
  return CcwAddress{*cssid, *ssid, *subchno, *devno};
}

bool is_on_virtio(const BlockDevice& device) {
  return std::ranges::any_of(device.location(), [](const std::string& part) {
    return text::parse_number_after<unsigned int>("virtio", part).has_value();
  });
}

// An NVMe drive that several controllers can reach has its directory in none of them but in
// "virtual/nvme-subsystem/nvme-subsys0/nvme0n1", beside links to the controllers. Returns the PCI
// controller with the lowest number.
std::optional<BlockDevice> nvme_controller(const BlockDevice& device) {
  const auto& location = device.location();
  if (location.size() < 4 || location[1] != "nvme-subsystem") return std::nullopt;
  const fs::path subsystem = device.directory_of(3);
  std::set<std::pair<unsigned int, std::string>> controllers;
  for (const std::string& name : names_in(subsystem)) {
    if (const auto number = text::parse_number_after<unsigned int>("nvme", name))
      controllers.emplace(*number, name);
  }
  for (const auto& [number, name] : controllers) {
    auto controller = BlockDevice::find(device.system_root(), fs::path("sys/class/nvme") / name);
    if (controller && find_controller(*controller)) return controller;
  }
  return std::nullopt;
}

// Sets the fields that say where the device is attached; false if that is not known.
bool set_place(DiskAddress& address, const BlockDevice& device) {
  address.ccw_address = ccw_address(device);
  if (address.ccw_address) {
    if (is_on_virtio(device)) set_virtio(address, device);
    return true;
  }
  if (const auto controller = find_controller(device)) {
    if (!set_by_driver(address, device, controller->driver)) return false;
    address.pci_controller = controller->address;
    return true;
  }
  if (const auto controller = nvme_controller(device)) return set_place(address, *controller);
  if (!is_on_virtio(device)) return false;
  set_virtio(address, device);
  return true;
}

// From udev; without udev, the kernel's serial of a virtio disk, which is the same.
std::optional<std::string> serial_number(const BlockDevice& device) {
  if (auto serial = device.udev_property("ID_SERIAL")) return serial;
  return device.disk().value_or(device).attribute("serial");
}

void add_disks(const BlockDevice& device, std::set<fs::path>& seen,
               std::vector<DiskAddress>& disks) {
  if (!seen.insert(device.directory()).second) return;
  if (!device.is_virtual()) {
    if (auto address = disk_address(device)) disks.push_back(*std::move(address));
  } else if (const auto slaves = device.slaves()) {
    for (const BlockDevice& slave : *slaves) add_disks(slave, seen, disks);
  }
}

}  // namespace

std::optional<DiskAddress> disk_address(const BlockDevice& device) {
  DiskAddress address;
  address.serial = serial_number(device);
  address.dev = device.node();
  const bool placed = set_place(address, device);
  if (!placed && !address.serial && !address.dev) return std::nullopt;
  return address;
}

std::vector<DiskAddress> disks_beneath(const BlockDevice& device) {
  std::vector<DiskAddress> disks;
  std::set<fs::path> seen;
  add_disks(device, seen, disks);
  std::ranges::reverse(disks);  // qemu-ga's order
  return disks;
}

}  // namespace bellhop::platform
