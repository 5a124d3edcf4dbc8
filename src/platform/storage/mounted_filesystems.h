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

namespace bellhop::platform {

struct MountedFilesystem {
  std::string name;  // of the device: "sda1", "dm-0"; "8:1" if the kernel reports no name
  std::string mountpoint;
  std::string type;  // "ext4"
  // FilesystemSize, set by the caller, because the query may block.
  std::optional<std::uint64_t> used_bytes;
  std::optional<std::uint64_t> total_bytes;
  std::optional<std::uint64_t> total_bytes_privileged;
  std::vector<DiskAddress> disk;  // beneath it; empty if none is hardware
  // Unique among the existing mounts.
  std::uint64_t mount_id = 0;
  // True if a query may wait for another computer or for a program: the filesystem is remote or
  // FUSE, or is mounted beneath one that is.
  bool may_block = false;
};

// The filesystems on disks, each once, by its first mountpoint, in reverse mount order. Does not
// query the filesystems, so it does not block on them. `system_root` contains /proc, /sys, /dev and
// /run. Errors: the kernel has no mount table.
Result<std::vector<MountedFilesystem>> mounted_filesystems(
    const std::filesystem::path& system_root);

}  // namespace bellhop::platform
