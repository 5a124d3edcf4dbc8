// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <iterator>
#include <system_error>
#include <tuple>
#include <utility>

#include "platform/machine/proc_table_linux.h"
#include "platform/storage/block_device_linux.h"
#include "platform/storage/btrfs_devices_linux.h"
#include "platform/storage/disk_address_linux.h"
#include "platform/storage/hidden_mounts_linux.h"
#include "platform/storage/mounted_filesystems.h"
#include "platform/storage/mountinfo_linux.h"

namespace bellhop::platform {
namespace {

namespace fs = std::filesystem;

// Replaces the device number of a btrfs, which belongs to no device, by that of its source. False
// if the source is not a device.
bool resolve_device(const fs::path& system_root, Mount& mount) {
  const fs::path node = system_root / fs::path(mount.source).relative_path();
  struct stat status{};
  if (::stat(node.c_str(), &status) == 0 && S_ISBLK(status.st_mode)) {
    mount.device_major = major(status.st_rdev);
    mount.device_minor = minor(status.st_rdev);
    return true;
  }
  // Without a usable device node, as in a container, the name may still be that of a device.
  const auto number =
      read_attribute(system_root / "sys/class/block" / node.filename() / "dev").value_or("");
  const auto device = parse_device_number(number);
  if (!device) return false;
  std::tie(mount.device_major, mount.device_minor) = *device;
  return true;
}

MountedFilesystem describe(const fs::path& system_root, const Mount& mount, BtrfsDevices& btrfs) {
  MountedFilesystem filesystem;
  filesystem.mountpoint = mount.mountpoint;
  filesystem.type = mount.type;
  filesystem.mount_id = mount.id;
  const std::string number = fmt::format("{}:{}", mount.device_major, mount.device_minor);
  const auto device = BlockDevice::find(system_root, fs::path("sys/dev/block") / number);
  filesystem.name = device ? device->name() : number;
  if (!device) return filesystem;
  filesystem.disk = disks_beneath(*device);
  if (filesystem.type == "btrfs") {
    for (const fs::path& path : btrfs.others(device->name())) {
      const auto other = BlockDevice::find(system_root, path);
      if (other) std::ranges::move(disks_beneath(*other), std::back_inserter(filesystem.disk));
    }
  }
  return filesystem;
}

// Sets the places where the filesystem is queried: without those where the query may wait for
// others than the filesystem itself, if there is another.
void set_places(MountedFilesystem& filesystem, const std::vector<const Mount*>& mounts,
                const HiddenMounts& hidden, RemoteMounts& remote) {
  std::vector<MountPlace> places[2];
  for (const Mount* mount : mounts) {
    MountPlace place = hidden.place_of(*mount);
    if (!place.hidden) places[remote.may_block(mount->id)].push_back(std::move(place));
  }
  filesystem.may_block = places[false].empty() && !places[true].empty();
  filesystem.places = std::move(places[filesystem.may_block]);
}

}  // namespace

Result<std::vector<MountedFilesystem>> mounted_filesystems(const fs::path& system_root) {
  TRY_ASSIGN(const auto table, read_proc_table(system_root, "proc/self/mountinfo"));
  std::vector<Mount> mounts;
  for (const std::string& line : table) {
    if (auto mount = parse_mountinfo_line(line)) mounts.push_back(*std::move(mount));
  }
  RemoteMounts remote(mounts);
  const HiddenMounts hidden(mounts);
  std::erase_if(mounts, [&](Mount& mount) {
    return mount.device_major == 0 &&
           (mount.type != "btrfs" || !resolve_device(system_root, mount));
  });
  BtrfsDevices btrfs(system_root);
  std::vector<MountedFilesystem> filesystems;
  for (const auto& its_mounts : mounts_by_filesystem(mounts)) {
    filesystems.push_back(describe(system_root, *its_mounts.front(), btrfs));
    set_places(filesystems.back(), its_mounts, hidden, remote);
  }
  std::ranges::reverse(filesystems);
  return filesystems;
}

}  // namespace bellhop::platform
