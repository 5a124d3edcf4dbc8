// Block devices as the kernel describes them in /sys.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bellhop::platform {

// A disk, a partition, or a device that the kernel makes from others. Refers to a directory of
// /sys: it may go away at any time, and then tells nothing more.
class BlockDevice {
 public:
  // What a path beneath `system_root` leads to, as sys/block/sda or sys/dev/block/8:1. Nothing
  // when there is no such device.
  static std::optional<BlockDevice> find(const std::filesystem::path& system_root,
                                         const std::filesystem::path& path);

  const std::filesystem::path& system_root() const { return system_root_; }
  // Its directory, without links in the path.
  const std::filesystem::path& directory() const { return directory_; }
  // The parts of the path from sys/devices on: where it is plugged in. "pci0000:00",
  // "0000:00:05.0", "virtio2", "block", "vda".
  const std::vector<std::string>& location() const { return location_; }
  // The directory that the first `parts` parts of the location name.
  std::filesystem::path directory_of(std::size_t parts) const;

  const std::string& name() const { return location_.back(); }  // "sda1"
  // Major and minor number, as in /sys/dev/block: "8:1".
  std::optional<std::string> number() const { return attribute("dev"); }
  bool is_partition() const;
  // Whether the kernel makes it from something else, or from nothing: loop0, dm-0, md0, zram0.
  bool is_virtual() const;

  // The content of a file in its directory, without the white space around it; nothing when there
  // is no such file, or it is empty or cannot be read.
  std::optional<std::string> attribute(std::string_view name) const;
  // "/dev/sda1"; nothing for a device that programs cannot open.
  std::optional<std::string> node() const;
  // What udev found out about it, as "ID_SERIAL"; nothing where udev does not run.
  std::optional<std::string> udev_property(std::string_view name) const;

  // The devices it is made from, in the order of the directory; nothing for what is never made
  // from others.
  std::optional<std::vector<BlockDevice>> slaves() const;
  // The disk that it is a partition of; nothing for what is no partition.
  std::optional<BlockDevice> disk() const;
  // The partitions of a whole disk, in the order of the directory.
  std::vector<BlockDevice> partitions() const;

 private:
  std::optional<BlockDevice> resolve(const std::filesystem::path& path) const;

  std::filesystem::path system_root_;
  std::filesystem::path devices_;  // sys/devices
  std::filesystem::path directory_;
  std::vector<std::string> location_;
};

// The names in a directory, in its order; none when it cannot be read.
std::vector<std::string> names_in(const std::filesystem::path& directory);

// The content of a file of /sys or /run, as BlockDevice::attribute() returns it.
std::optional<std::string> read_attribute(const std::filesystem::path& file);

}  // namespace bellhop::platform
