#include "platform/storage/disk_filesystems_linux.h"

#include <istream>
#include <map>
#include <optional>
#include <utility>

#include "platform/storage/mountinfo_linux.h"

namespace bellhop::platform {
namespace {

// A filesystem without a single disk has major number 0. Of these, only btrfs is on local disks.
bool has_disk(const Mount& mount) {
  return mount.device_major != 0 || mount.type == "btrfs";
}

DiskFilesystem filesystem_of(Mount mount) {
  DiskFilesystem filesystem;
  filesystem.mounted.mountpoint = std::move(mount.mountpoint);
  filesystem.mounted.read_only = mount.read_only;
  filesystem.device_major = mount.device_major;
  filesystem.device_minor = mount.device_minor;
  filesystem.source = std::move(mount.source);
  return filesystem;
}

}  // namespace

std::vector<DiskFilesystem> disk_filesystems(std::istream& table) {
  std::vector<DiskFilesystem> found;
  std::map<std::pair<unsigned int, unsigned int>, std::size_t> known;
  for (std::string line; std::getline(table, line);) {
    std::optional<Mount> mount = parse_mountinfo_line(line);
    if (!mount || !has_disk(*mount)) continue;
    LocalFilesystem::Place place{.path = mount->mountpoint, .mount = mount->id};
    const auto [at, is_new] =
        known.try_emplace({mount->device_major, mount->device_minor}, found.size());
    if (is_new) found.push_back(filesystem_of(*std::move(mount)));
    found[at->second].mounted.places.push_back(std::move(place));
  }
  return found;
}

}  // namespace bellhop::platform
