// SPDX-License-Identifier: Apache-2.0
#include "platform/storage/hidden_mounts_linux.h"

#include <cstddef>

namespace bellhop::platform {

HiddenMounts::HiddenMounts(const std::vector<Mount>& mounts) {
  for (const Mount& mount : mounts) {
    mounts_.insert_or_assign(mount.id, Known{mount.parent_id, mount.mountpoint});
    // The first mount of a namespace is its own parent.
    if (mount.parent_id != mount.id) attached_.emplace(mount.parent_id, mount.mountpoint);
  }
}

// A lookup walks from mount to mount: at each directory of the path it enters the filesystem that
// is mounted there. It arrives at a mount if none of the directories between the mountpoint of its
// parent and its own has another mount of this parent, and so on for the parent.
bool HiddenMounts::is_hidden(const Mount& mount) const {
  const std::string& path = mount.mountpoint;
  if (is_covered(mount.id, path)) return true;
  std::uint64_t child = mount.id;
  // The limit ends a cycle, which no real table has.
  for (std::size_t steps = 0; steps < mounts_.size(); ++steps) {
    const auto known = mounts_.find(child);
    if (known == mounts_.end()) return false;
    const std::uint64_t parent = known->second.parent;
    const auto above = mounts_.find(parent);
    if (above == mounts_.end() || parent == child) return false;
    std::string directory = known->second.mountpoint;
    while (directory != above->second.mountpoint && directory != "/") {
      const std::size_t slash = directory.rfind('/');
      if (slash == std::string::npos) return false;
      directory.resize(slash == 0 ? 1 : slash);
      if (is_covered(parent, directory)) return true;
    }
    child = parent;
  }
  return false;
}

// Whether a filesystem is mounted at a directory of this mount. A lookup begins in the mount that
// is the root of this process: it does not enter a filesystem that was mounted over that.
bool HiddenMounts::is_covered(std::uint64_t mount, const std::string& path) const {
  if (!attached_.contains({mount, path})) return false;
  if (path != "/") return true;
  const auto known = mounts_.find(mount);
  return known != mounts_.end() && mounts_.contains(known->second.parent) &&
         known->second.parent != mount;
}

MountPlace HiddenMounts::place_of(const Mount& mount) const {
  MountPlace place{.path = mount.mountpoint, .mount = mount.id, .hidden = is_hidden(mount)};
  if (mount.type != "btrfs") {
    place.device_major = mount.device_major;
    place.device_minor = mount.device_minor;
  }
  return place;
}

}  // namespace bellhop::platform
