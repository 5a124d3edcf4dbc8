// SPDX-License-Identifier: Apache-2.0
// Derives from a block device's path in /sys where the host has attached it.
#pragma once

#include <optional>
#include <vector>

#include "platform/storage/block_device_linux.h"
#include "platform/storage/disks.h"

namespace bellhop::platform {

// The address of a disk or partition that is hardware; nullopt if nothing about it is known.
// Clients compare the numbers with the host's configuration, so bus, target and unit have, for each
// kind of controller, the meaning that libvirt gives them.
std::optional<DiskAddress> disk_address(const BlockDevice& device);

// The addresses of all hardware disks beneath a device, each once: the disks beneath a stack of
// virtual devices, or the device itself.
std::vector<DiskAddress> disks_beneath(const BlockDevice& device);

}  // namespace bellhop::platform
