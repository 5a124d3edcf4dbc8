// Finds the filesystems that have a disk in the table of mounts.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "platform/storage/local_filesystems.h"

namespace bellhop::platform {

// A filesystem with a disk, and where the kernel says that the disk is.
struct DiskFilesystem {
  LocalFilesystem mounted;
  unsigned int device_major = 0;  // 0 for btrfs, which has a number of its own
  unsigned int device_minor = 0;
  std::string source;  // "/dev/vda1": of btrfs, one of its disks
};

// Those in a table as /proc/self/mountinfo is, in its order, which is that of mounting, each once.
std::vector<DiskFilesystem> disk_filesystems(std::istream& table);

}  // namespace bellhop::platform
