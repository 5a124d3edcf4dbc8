// The mounted filesystems that lie on disks.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "platform/storage/disks.h"
#include "platform/storage/filesystem_size.h"

namespace bellhop::platform {

struct MountedFilesystem {
  std::string name;  // of the device: "sda1", "dm-0"; "8:1" when the system does not tell it
  std::string mountpoint;
  std::string type;                    // "ext4"
  std::optional<FilesystemSize> size;  // left to the caller: asking for it may block
  std::vector<DiskAddress> disk;       // all that it lies on; empty when those are not hardware
  // Tells the mount from all others that exist.
  std::uint64_t mount_id = 0;
  // Whether asking it may have to wait for another computer or program: it is of such a kind, or
  // mounted beneath one that is.
  bool may_block = false;
};

// The filesystems that lie on disks, each once, by its first mountpoint, in the reverse order of
// mounting. Asks none of them anything, so it waits for none. `system_root` holds the system's
// /proc, /sys, /dev and /run. Errors: the system has no table of mounts.
Result<std::vector<MountedFilesystem>> mounted_filesystems(
    const std::filesystem::path& system_root);

}  // namespace bellhop::platform
