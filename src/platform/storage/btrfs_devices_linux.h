// The devices of btrfs filesystems, of which one can have several.
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace bellhop::platform {

// Knows the btrfs filesystems of a system; reads them when it is first asked.
class BtrfsDevices {
 public:
  // `system_root` holds the system's /sys.
  explicit BtrfsDevices(std::filesystem::path system_root);

  // The devices of the filesystem that has the named one ("sda1"), without that: their paths
  // beneath the system root, as BlockDevice::find() takes them.
  std::vector<std::filesystem::path> others(const std::string& device);

  // The numbers of all devices of the filesystem that has the device with this node, as the table
  // of mounts names one: "/dev/sda1", "/dev/mapper/vg-data" or a link to such. As in
  // /sys/dev/block: "8:1". None when it is not known.
  std::vector<std::string> numbers_of(const std::string& node);

 private:
  struct Filesystem {
    std::filesystem::path directory;
    std::vector<std::string> devices;
  };

  void read();
  // The filesystem that has a device; nullptr when none has. `name` as in /sys, or with "mapper!"
  // in front of the name that device mapper gave it.
  const Filesystem* find_by_device(const std::string& name);

  std::filesystem::path system_root_;
  std::optional<std::vector<Filesystem>> filesystems_;
  std::unordered_map<std::string, std::size_t> filesystem_of_;  // by the name of a device
};

}  // namespace bellhop::platform
