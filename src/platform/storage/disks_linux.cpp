// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <system_error>
#include <utility>

#include "platform/storage/block_device_linux.h"
#include "platform/storage/disk_address_linux.h"
#include "platform/storage/disks.h"
#include "platform/storage/nvme_smart_linux.h"

namespace bellhop::platform {
namespace {

namespace fs = std::filesystem;

std::optional<std::vector<std::string>> dependencies(const BlockDevice& device) {
  const auto slaves = device.slaves();
  if (!slaves) return std::nullopt;
  std::vector<std::string> nodes;
  for (const BlockDevice& slave : *slaves) {
    if (auto node = slave.node()) nodes.push_back(*std::move(node));
  }
  std::ranges::reverse(nodes);  // qemu-ga's order
  return nodes;
}

std::optional<std::string> alias(const BlockDevice& device) {
  if (auto name = device.udev_property("DM_NAME")) return name;
  return device.attribute("dm/name");
}

Disk whole_disk(const BlockDevice& device, std::string node) {
  Disk disk;
  disk.name = std::move(node);
  disk.dependencies = dependencies(device);
  disk.alias = alias(device);
  if (!device.is_virtual()) disk.address = disk_address(device);
  if (disk.address && disk.address->bus_type == DiskBus::nvme) {
    const fs::path path = device.system_root() / fs::path(disk.name).relative_path();
    disk.smart = nvme_smart(path.string());
  }
  return disk;
}

void add_partitions(const BlockDevice& device, const std::string& node, std::vector<Disk>& disks) {
  for (const BlockDevice& partition : device.partitions()) {
    auto name = partition.node();
    if (!name) continue;
    disks.push_back({.name = *std::move(name),
                     .partition = true,
                     .dependencies = std::vector<std::string>{node}});
  }
}

}  // namespace

Result<std::vector<Disk>> disks(const fs::path& system_root) {
  const fs::path directory = system_root / "sys/block";
  std::error_code error;
  const fs::directory_iterator can_be_read(directory, error);
  if (error) {
    return system_failure(error.value(), "Can't open directory \"{}\"", directory.string());
  }
  std::vector<Disk> found;
  for (const std::string& name : names_in(directory)) {
    const auto device = BlockDevice::find(system_root, fs::path("sys/block") / name);
    if (!device) continue;
    const auto sectors = device->attribute("size");
    if (!sectors || *sectors == "0") continue;  // gone, or a drive without a medium
    auto node = device->node();
    if (!node) continue;
    found.push_back(whole_disk(*device, *node));
    add_partitions(*device, *node, found);
  }
  std::ranges::reverse(found);  // qemu-ga's order
  return found;
}

}  // namespace bellhop::platform
