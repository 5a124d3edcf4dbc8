// SPDX-License-Identifier: Apache-2.0
// Lists the disk filesystems of a mount table, and orders them by storage: which filesystem lies on
// which other one.
#pragma once

#include <filesystem>
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

// Adds the kernel's names of their disks to the `devices` of the filesystems: "/dev/dm-0" for
// "/dev/mapper/vg-data", and all disks of a btrfs. `system_root` is that of
// sort_by_storage_order().
void add_device_names(std::vector<DiskFilesystem>& filesystems,
                      const std::filesystem::path& system_root);

// Sorts filesystems such that each comes after those that it lies on. A filesystem lies on another
// one if its loop device is backed by a file of that one, also with partitions, device mapper, md
// or several disks of a btrfs in between. Filesystems without this relation keep their order. So do
// filesystems in a cycle; a mount that hides another one can look like a cycle.
//
// `system_root` contains /sys and /dev. Block devices are read from the places that the kernel's
// Documentation/ABI names (sys/dev/block/M:N/{loop/backing_file, slaves, partition},
// sys/fs/btrfs/UUID/devices). A device that cannot be read there counts as lying on nothing.
std::vector<DiskFilesystem> sort_by_storage_order(std::vector<DiskFilesystem> filesystems,
                                                  const std::filesystem::path& system_root);

}  // namespace bellhop::platform
