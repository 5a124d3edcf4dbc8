// What a block device is made of, as sysfs tells it.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace bellhop::platform {

// "7:0", major and minor number, as in /sys/dev/block.
using DeviceNumber = std::string;

// What a block device lies on, as far as it is not hardware.
struct DeviceBase {
  std::vector<DeviceNumber> devices;  // the disk of a partition, the parts of a dm or md device
  std::optional<std::string> backing_file;  // of a loop device, by its full path
};

// Reads /sys/dev/block/<number>. What cannot be read is left out: devices come and go.
DeviceBase device_base(const std::filesystem::path& sys, const DeviceNumber& number);

// The disks of each btrfs of the system, found by the path of any of them, "/dev/sda1" or
// "/dev/mapper/name".
std::map<std::string, std::vector<DeviceNumber>> btrfs_disks(const std::filesystem::path& sys);

}  // namespace bellhop::platform
