// Finds out which filesystem lies on which other one.
#pragma once

#include <filesystem>
#include <vector>

#include "platform/storage/disk_filesystems_linux.h"

namespace bellhop::platform {

// Sorts filesystems such that each comes after those that it lies on: a file of another one by way
// of a loop device, also with partitions, device mapper, md and several disks of a btrfs between
// them. Where that says nothing, their order stays; where they lie on each other in a circle, which
// a mount that hides another can make it seem, too.
//
// `system_root` holds the system's /sys and /dev: block devices are found there as
// Documentation/ABI of the kernel says (sys/dev/block/M:N/{loop/backing_file, slaves, partition},
// sys/fs/btrfs/UUID/devices). What cannot be read there counts as lying on nothing.
std::vector<DiskFilesystem> sort_by_storage_order(std::vector<DiskFilesystem> filesystems,
                                                  const std::filesystem::path& system_root);

}  // namespace bellhop::platform
