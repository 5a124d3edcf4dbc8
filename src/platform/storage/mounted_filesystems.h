// SPDX-License-Identifier: Apache-2.0
// Lists the mounted filesystems on disks.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "platform/storage/disks.h"
#include "platform/storage/mount_place.h"

namespace bellhop::platform {

struct MountedFilesystem {
  std::string name;  // of the device: "sda1", "dm-0"; "8:1" if the kernel reports no name
  // As LocalFilesystem::mountpoint.
  std::string mountpoint;
  std::string type;  // "ext4"
  // FilesystemSize, set by the caller, because the query may block.
  std::optional<std::uint64_t> used_bytes;
  std::optional<std::uint64_t> total_bytes;
  std::optional<std::uint64_t> total_bytes_privileged;
  std::vector<DiskAddress> disk;  // beneath it; empty if none is hardware
  // Unique among the existing mounts.
  std::uint64_t mount_id = 0;
  // Where to query it: the first place that leads to it. Empty if other filesystems are mounted
  // over all its mountpoints.
  std::vector<MountPlace> places;
  // True if a query at these places may wait for another computer or for a program: the filesystem
  // is remote or FUSE, or is mounted only beneath such filesystems.
  bool may_block = false;
};

// The filesystems on disks, each once, in reverse mount order. Does not
// query the filesystems, so it does not block on them. `system_root` contains /proc, /sys, /dev and
// /run. Errors: the kernel has no mount table.
Result<std::vector<MountedFilesystem>> mounted_filesystems(
    const std::filesystem::path& system_root);

}  // namespace bellhop::platform
