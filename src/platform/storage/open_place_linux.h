// SPDX-License-Identifier: Apache-2.0
// Opens the places where filesystems are mounted.
#pragma once

#include "base/error.h"
#include "platform/io/handle.h"
#include "platform/storage/mount_place.h"

namespace bellhop::platform {

// An fd that refers to the place, for fstat(2), statfs(2) and openat(2) (O_PATH, open(2)): the
// place itself is not opened. No handle if the path leads to another filesystem. Linux before 5.8
// does not report the mount; there the device number decides and, on btrfs, the place is assumed to
// be right. May block as long as the path does. Errors: `failed to open /x: …`.
Result<Handle> open_place(const MountPlace& place);

}  // namespace bellhop::platform
