// Lists the disk filesystems of a mount table.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "platform/storage/local_filesystems.h"

namespace bellhop::platform {

// A filesystem on a disk, and the disk that the kernel reports for it.
struct DiskFilesystem {
  LocalFilesystem mounted;
  unsigned int device_major = 0;  // 0 for btrfs, which has its own device number
  unsigned int device_minor = 0;
  std::string source;  // "/dev/vda1"; for btrfs, one of its disks
};

// The filesystems in `table`, which has the format of /proc/self/mountinfo, each once, in mount
// order.
std::vector<DiskFilesystem> disk_filesystems(std::istream& table);

}  // namespace bellhop::platform
