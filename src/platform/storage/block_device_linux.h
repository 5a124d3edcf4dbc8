// SPDX-License-Identifier: Apache-2.0
// Block devices, from /sys.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bellhop::platform {

// A disk, a partition, or a device that the kernel builds from other devices. Refers to a directory
// of /sys. The device may disappear at any time; its attributes are empty from then on.
class BlockDevice {
 public:
  // The device that a path beneath `system_root` leads to, such as sys/block/sda or
  // sys/dev/block/8:1; nullopt if there is none.
  static std::optional<BlockDevice> find(const std::filesystem::path& system_root,
                                         const std::filesystem::path& path);

  const std::filesystem::path& system_root() const { return system_root_; }
  // The device's directory in /sys, with symbolic links resolved.
  const std::filesystem::path& directory() const { return directory_; }
  // The parts of the directory's path below sys/devices; they show where the device is plugged in.
  // "pci0000:00", "0000:00:05.0", "virtio2", "block", "vda".
  const std::vector<std::string>& location() const { return location_; }
  // The directory that the first `parts` parts of the location name.
  std::filesystem::path directory_of(std::size_t parts) const;

  const std::string& name() const { return location_.back(); }  // "sda1"
  // Major and minor number, as in /sys/dev/block: "8:1".
  std::optional<std::string> number() const { return attribute("dev"); }
  bool is_partition() const;
  // Whether the kernel builds the device from other devices or files, or from memory: loop0, dm-0,
  // md0, zram0.
  bool is_virtual() const;

  // The content of a file in the device's directory, without surrounding white space; nullopt if
  // the file does not exist, is empty or cannot be read.
  std::optional<std::string> attribute(std::string_view name) const;
  // "/dev/sda1"; nullopt for a device without a device node.
  std::optional<std::string> node() const;
  // A property from udev's database, such as "ID_SERIAL"; nullopt where udev does not run.
  std::optional<std::string> udev_property(std::string_view name) const;

  // The devices that this one is built from, in directory order; nullopt for a kind of device that
  // is never built from others.
  std::optional<std::vector<BlockDevice>> slaves() const;
  // The disk that contains this partition; nullopt if this is not a partition.
  std::optional<BlockDevice> disk() const;
  // The partitions of a whole disk, in directory order.
  std::vector<BlockDevice> partitions() const;

 private:
  std::optional<BlockDevice> resolve(const std::filesystem::path& path) const;

  std::filesystem::path system_root_;
  std::filesystem::path devices_;  // sys/devices
  std::filesystem::path directory_;
  std::vector<std::string> location_;
};

// The names of the entries of a directory, in directory order; empty if it cannot be read.
std::vector<std::string> names_in(const std::filesystem::path& directory);

// The content of a file in /sys or /run, as BlockDevice::attribute() returns it.
std::optional<std::string> read_attribute(const std::filesystem::path& file);

}  // namespace bellhop::platform
