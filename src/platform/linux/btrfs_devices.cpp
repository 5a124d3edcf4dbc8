#include "platform/linux/btrfs_devices.h"

#include <utility>

#include "platform/linux/block_device.h"

namespace bellhop::platform {

namespace fs = std::filesystem;

BtrfsDevices::BtrfsDevices(fs::path system_root) : system_root_(std::move(system_root)) {}

std::vector<fs::path> BtrfsDevices::others(const std::string& device) {
  if (!filesystems_) read();
  const auto found = filesystem_of_.find(device);
  if (found == filesystem_of_.end()) return {};
  const Filesystem& filesystem = (*filesystems_)[found->second];
  std::vector<fs::path> paths;
  for (const std::string& name : filesystem.devices) {
    if (name != device) paths.push_back(filesystem.directory / name);
  }
  return paths;
}

void BtrfsDevices::read() {
  filesystems_.emplace();
  const fs::path all = "sys/fs/btrfs";
  for (const std::string& filesystem : names_in(system_root_ / all)) {
    const fs::path directory = all / filesystem / "devices";
    auto devices = names_in(system_root_ / directory);
    for (const std::string& name : devices) filesystem_of_.emplace(name, filesystems_->size());
    filesystems_->push_back({directory, std::move(devices)});
  }
}

}  // namespace bellhop::platform
