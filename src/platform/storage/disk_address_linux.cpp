#include "platform/storage/disk_address_linux.h"

#include <algorithm>
#include <array>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "platform/machine/proc_table_linux.h"

namespace bellhop::platform {
namespace {

namespace fs = std::filesystem;

// Takes the text up to `end` off the front of `text`; all of it when there is no `end`.
std::string_view consume_until(std::string_view& text, char end) {
  const std::size_t length = text.find(end);
  const std::string_view front = text.substr(0, length);
  text.remove_prefix(length == text.npos ? text.size() : length + 1);
  return front;
}

// "0000:00:1f.2"
std::optional<PciAddress> pci_address(std::string_view part) {
  const auto domain = number_in<std::uint32_t>(consume_until(part, ':'), 16);
  const auto bus = number_in<std::uint8_t>(consume_until(part, ':'), 16);
  const auto slot = number_in<std::uint8_t>(consume_until(part, '.'), 16);
  const auto function = number_in<std::uint8_t>(part, 16);
  if (!domain || !bus || !slot || !function) return std::nullopt;
  return PciAddress{*domain, *bus, *slot, *function};
}

// The name that a link in a directory leads to, as that of the device's driver.
std::string link_target(const fs::path& link) {
  std::error_code error;
  const fs::path target = fs::read_symlink(link, error);
  return error ? std::string() : target.filename().string();
}

struct Controller {
  PciAddress address;
  std::string driver;
};

// The PCI function whose driver serves disks; those in front of it are bridges. A link instead of
// a PCI bus in the location (as on ARM, "platform/4010000000.pcie/pci0000:00/…") changes nothing.
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

// A SCSI device's place on its host adapter.
struct ScsiPlace {
  std::int64_t channel = 0;
  std::int64_t target = 0;
  std::int64_t lun = 0;
};

// From "target2:0:1/2:0:1:3", which is host 2, channel 0, target 1, LUN 3.
std::optional<ScsiPlace> scsi_place(const BlockDevice& device) {
  const auto& location = device.location();
  for (std::size_t i = 0; i + 1 < location.size(); ++i) {
    if (!location[i].starts_with("target")) continue;
    std::string_view rest = location[i + 1];
    consume_until(rest, ':');
    const auto channel = number_in<std::uint32_t>(consume_until(rest, ':'));
    const auto target = number_in<std::uint32_t>(consume_until(rest, ':'));
    const auto lun = number_in<std::uint32_t>(rest);
    if (channel && target && lun) return ScsiPlace{*channel, *target, *lun};
  }
  return std::nullopt;
}

// The number behind a prefix: "ata3".
std::optional<unsigned int> number_after_prefix(std::string_view prefix, std::string_view name) {
  if (!name.starts_with(prefix)) return std::nullopt;
  return number_in<unsigned int>(name.substr(prefix.size()));
}

// Which of its controller's ports an ATA disk is on, counted from 0. The kernel numbers the ports
// ("ata3", or "host2" before Linux 3.0) of all controllers together.
std::optional<std::int64_t> ata_port(const BlockDevice& device) {
  for (const std::string_view prefix : {"ata", "host"}) {
    for (std::size_t i = 0; i < device.location().size(); ++i) {
      const auto own = number_after_prefix(prefix, device.location()[i]);
      if (!own) continue;
      std::int64_t before = 0;
      for (const std::string& name : names_in(device.directory_of(i))) {
        const auto number = number_after_prefix(prefix, name);
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
    address.unit = place->target;  // 0 the master, 1 the slave
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
  const auto cssid = number_in<std::uint32_t>(consume_until(subchannel, '.'), 16);
  const auto ssid = number_in<std::uint32_t>(consume_until(subchannel, '.'), 16);
  const auto subchno = number_in<std::uint32_t>(subchannel, 16);
  const auto devno = number_in<std::uint32_t>(
      std::string_view(location[2]).substr(location[2].rfind('.') + 1), 16);
  if (!cssid || !ssid || !subchno || !devno) return std::nullopt;
  return CcwAddress{*cssid, *ssid, *subchno, *devno};
}

bool is_on_virtio(const BlockDevice& device) {
  return std::ranges::any_of(device.location(), [](const std::string& part) {
    return number_after_prefix("virtio", part).has_value();
  });
}

// An NVMe drive to which several controllers may lead belongs to none of them: its directory is
// "virtual/nvme-subsystem/nvme-subsys0/nvme0n1", and links there lead to the controllers. The
// controller with the lowest number that is on PCI stands for it.
std::optional<BlockDevice> nvme_controller(const BlockDevice& device) {
  const auto& location = device.location();
  if (location.size() < 4 || location[1] != "nvme-subsystem") return std::nullopt;
  const fs::path subsystem = device.directory_of(3);
  std::set<std::pair<unsigned int, std::string>> controllers;
  for (const std::string& name : names_in(subsystem)) {
    if (const auto number = number_after_prefix("nvme", name)) controllers.emplace(*number, name);
  }
  for (const auto& [number, name] : controllers) {
    auto controller = BlockDevice::find(device.system_root(), fs::path("sys/class/nvme") / name);
    if (controller && find_controller(*controller)) return controller;
  }
  return std::nullopt;
}

// Fills in where the device is plugged in; false when that is not known.
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

// As udev tells it; without udev, what the kernel knows of a virtio disk, which is the same.
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
