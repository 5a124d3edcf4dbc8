// SPDX-License-Identifier: Apache-2.0
// The devices of btrfs filesystems. One filesystem can have several.
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace bellhop::platform {

// Caches the btrfs filesystems of the guest and their devices; reads them on first use. Not
// thread-safe.
class BtrfsDevices {
 public:
  // `system_root` contains /sys.
  explicit BtrfsDevices(std::filesystem::path system_root);

  // The other devices of the filesystem that contains `device` ("sda1"), as paths beneath the
  // system root that BlockDevice::find() accepts.
  std::vector<std::filesystem::path> others(const std::string& device);

  // Major and minor numbers, as in /sys/dev/block ("8:1"), of all devices of the filesystem that
  // contains the device `node`. `node` is a source in the mount table: "/dev/sda1",
  // "/dev/mapper/vg-data" or a symbolic link to one. Empty if no such filesystem is found.
  std::vector<std::string> numbers_of(const std::string& node);

 private:
  struct Filesystem {
    std::filesystem::path directory;
    std::vector<std::string> devices;
  };

  void read();
  // The filesystem that contains a device; nullptr if there is none. `name` is the name in /sys, or
  // "mapper!" followed by the device-mapper name.
  const Filesystem* find_by_device(const std::string& name);

  std::filesystem::path system_root_;
  std::optional<std::vector<Filesystem>> filesystems_;
  std::unordered_map<std::string, std::size_t> filesystem_of_;  // by device name
};

}  // namespace bellhop::platform
