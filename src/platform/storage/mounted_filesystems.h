// The mounted filesystems that lie on disks, and how full they are.
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
  std::string name;  // of the device: "sda1", "dm-0"; "8:1" when the system does not tell it
  std::string mountpoint;
  std::string type;                // "ext4"
  std::vector<DiskAddress> disks;  // that it lies on; empty when those are not hardware
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

// In bytes.
struct FilesystemSize {
  std::uint64_t used = 0;
  std::uint64_t total = 0;             // for all users but the privileged one
  std::uint64_t total_privileged = 0;  // with what is reserved for it
};

// Asks the filesystem at a path. May block for ever when that lies on, or beneath, a filesystem of
// a server or program that does not answer. Nothing when it does not tell.
std::optional<FilesystemSize> filesystem_size(const std::filesystem::path& path);

}  // namespace bellhop::platform
