// Orders filesystems by storage: which filesystem lies on which other one.
#pragma once

#include <filesystem>
#include <vector>

#include "platform/storage/disk_filesystems_linux.h"

namespace bellhop::platform {

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
