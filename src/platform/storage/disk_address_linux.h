// Finds out from a block device's place in /sys where the host has plugged it in.
#pragma once

#include <optional>
#include <vector>

#include "platform/storage/block_device_linux.h"
#include "platform/storage/disks.h"

namespace bellhop::platform {

// The address of a disk or partition that is hardware. Nothing when the system tells nothing about
// it. Clients compare the numbers with those of the host's configuration, so for each kind of
// controller bus, target and unit are what libvirt calls them there.
std::optional<DiskAddress> disk_address(const BlockDevice& device);

// The addresses of all hardware that a device lies on, each piece once: those of the disks beneath
// a stack of virtual devices, or its own.
std::vector<DiskAddress> disks_beneath(const BlockDevice& device);

}  // namespace bellhop::platform
