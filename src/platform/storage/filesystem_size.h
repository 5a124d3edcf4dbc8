// SPDX-License-Identifier: Apache-2.0
// How full a filesystem is.
#pragma once

#include <cstdint>
#include <optional>

#include "platform/storage/mount_place.h"

namespace bellhop::platform {

// In bytes.
struct FilesystemSize {
  std::uint64_t used_bytes = 0;
  std::uint64_t total_bytes = 0;             // for unprivileged users
  std::uint64_t total_bytes_privileged = 0;  // with the space that is reserved for privileged users
};

// The size of the filesystem that is mounted at the place; nothing when the system does not report
// it, and when the path leads to another filesystem, which is mounted over it. May block
// indefinitely if the path is on, or below, a filesystem of a server or program that does not
// answer.
std::optional<FilesystemSize> filesystem_size(const MountPlace& place);

}  // namespace bellhop::platform
