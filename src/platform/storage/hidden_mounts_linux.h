// SPDX-License-Identifier: Apache-2.0
// Finds the mounts that no path leads to, because other filesystems are mounted over them.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "platform/storage/mount_place.h"
#include "platform/storage/mountinfo_linux.h"

namespace bellhop::platform {

// Decides by the table alone: a lookup could wait for a server that is mounted over the mount.
class HiddenMounts {
 public:
  // `mounts`: the whole table.
  explicit HiddenMounts(const std::vector<Mount>& mounts);

  // True if another filesystem is mounted at the mountpoint or at a directory above it, after this
  // one.
  bool is_hidden(const Mount& mount) const;

  MountPlace place_of(const Mount& mount) const;

 private:
  struct Known {
    std::uint64_t parent;
    std::string mountpoint;
  };
  bool is_covered(std::uint64_t mount, const std::string& path) const;

  std::unordered_map<std::uint64_t, Known> mounts_;
  std::set<std::pair<std::uint64_t, std::string>> attached_;  // parent and mountpoint of each
};

}  // namespace bellhop::platform
