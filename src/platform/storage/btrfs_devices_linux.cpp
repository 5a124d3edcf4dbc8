// SPDX-License-Identifier: Apache-2.0
#include "platform/storage/btrfs_devices_linux.h"

#include <algorithm>
#include <system_error>
#include <utility>

#include "platform/storage/block_device_linux.h"

namespace bellhop::platform {

namespace fs = std::filesystem;

namespace {

// The name in /sys of a device node in `devices`; /sys replaces slashes in names. A device-mapper
// name starts with "mapper!".
std::string name_in_sys(const fs::path& node, const fs::path& devices) {
  std::string name = node.lexically_relative(devices).string();
  std::ranges::replace(name, '/', '!');
  return name;
}

}  // namespace

BtrfsDevices::BtrfsDevices(fs::path system_root) : system_root_(std::move(system_root)) {}

std::vector<fs::path> BtrfsDevices::others(const std::string& device) {
  std::vector<fs::path> paths;
  const Filesystem* filesystem = find_by_device(device);
  if (!filesystem) return paths;
  for (const std::string& name : filesystem->devices) {
    if (name != device) paths.push_back(filesystem->directory / name);
  }
  return paths;
}

std::vector<std::string> BtrfsDevices::numbers_of(const std::string& node) {
  const Filesystem* filesystem = find_by_device(name_in_sys(node, "/dev"));
  if (!filesystem) {
    std::error_code error;
    const fs::path target = fs::canonical(system_root_ / fs::path(node).relative_path(), error);
    const fs::path devices = fs::canonical(system_root_ / "dev", error);
    filesystem = find_by_device(name_in_sys(target, devices));
  }
  std::vector<std::string> numbers;
  if (!filesystem) return numbers;
  for (const std::string& name : filesystem->devices) {
    auto number = read_attribute(system_root_ / filesystem->directory / name / "dev");
    if (number) numbers.push_back(*std::move(number));
  }
  return numbers;
}

const BtrfsDevices::Filesystem* BtrfsDevices::find_by_device(const std::string& name) {
  if (!filesystems_) read();
  const auto found = filesystem_of_.find(name);
  return found == filesystem_of_.end() ? nullptr : &(*filesystems_)[found->second];
}

void BtrfsDevices::read() {
  filesystems_.emplace();
  const fs::path all = "sys/fs/btrfs";
  for (const std::string& filesystem : names_in(system_root_ / all)) {
    const fs::path directory = all / filesystem / "devices";
    auto devices = names_in(system_root_ / directory);
    for (const std::string& name : devices) {
      filesystem_of_.emplace(name, filesystems_->size());
      if (const auto alias = read_attribute(system_root_ / directory / name / "dm/name")) {
        filesystem_of_.emplace("mapper!" + *alias, filesystems_->size());
      }
    }
    filesystems_->push_back({directory, std::move(devices)});
  }
}

}  // namespace bellhop::platform
