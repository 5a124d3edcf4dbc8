#include "platform/linux/block_devices.h"

#include <fstream>
#include <string_view>
#include <system_error>

namespace bellhop::platform {
namespace {

namespace fs = std::filesystem;

// The one line of a file of sysfs; nothing when it is missing or empty.
std::optional<std::string> attribute(const fs::path& path) {
  std::ifstream file(path);
  std::string line;
  if (!std::getline(file, line) || line.empty()) return std::nullopt;
  return line;
}

std::vector<fs::path> entries(const fs::path& folder) {
  std::vector<fs::path> found;
  std::error_code error;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    found.push_back(at->path());
  }
  return found;
}

// The numbers of the devices that a folder has links to.
std::vector<DeviceNumber> linked_devices(const fs::path& folder) {
  std::vector<DeviceNumber> found;
  for (const fs::path& link : entries(folder)) {
    if (auto number = attribute(link / "dev")) found.push_back(*std::move(number));
  }
  return found;
}

}  // namespace

DeviceBase device_base(const fs::path& sys, const DeviceNumber& number) {
  const fs::path device = sys / "dev/block" / number;
  DeviceBase base;
  base.devices = linked_devices(device / "slaves");
  if (attribute(device / "partition")) {
    // A partition's folder is in that of its disk; ".." is that of the folder linked to.
    if (auto disk = attribute(device / "../dev")) base.devices.push_back(*std::move(disk));
  }
  base.backing_file = attribute(device / "loop/backing_file");
  return base;
}

std::map<std::string, std::vector<DeviceNumber>> btrfs_disks(const fs::path& sys) {
  std::map<std::string, std::vector<DeviceNumber>> found;
  for (const fs::path& filesystem : entries(sys / "fs/btrfs")) {
    const auto numbers = linked_devices(filesystem / "devices");
    for (const fs::path& disk : entries(filesystem / "devices")) {
      found[fs::path("/dev") / disk.filename()] = numbers;
      if (const auto name = attribute(disk / "dm/name")) found["/dev/mapper/" + *name] = numbers;
    }
  }
  return found;
}

}  // namespace bellhop::platform
