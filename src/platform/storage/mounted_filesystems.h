// Lists the mounted filesystems on disks, and their sizes.
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
  std::string type;                // "ext4"
  std::vector<DiskAddress> disks;  // beneath it; empty if none is hardware
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

// In bytes.
struct FilesystemSize {
  std::uint64_t used = 0;
  std::uint64_t total = 0;             // for unprivileged users
  std::uint64_t total_privileged = 0;  // with the blocks reserved for root
};

// The size of the filesystem at a path; nullopt if it does not report one. May block indefinitely
// if the path is on, or beneath, a filesystem whose server or program does not answer.
std::optional<FilesystemSize> filesystem_size(const std::filesystem::path& path);

}  // namespace bellhop::platform
