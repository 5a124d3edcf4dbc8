// SPDX-License-Identifier: Apache-2.0
// A place where a filesystem is mounted.
#pragma once

#include <cstdint>
#include <string>

namespace bellhop::platform {

struct MountPlace {
  std::string path;
  std::uint64_t mount = 0;  // unique among the existing mounts
  // The device number of the files of the filesystem. 0:0 if they have several, as on btrfs.
  unsigned int device_major = 0;
  unsigned int device_minor = 0;
  // By another mount, when the mount table was read: the path does not lead to this mount.
  bool hidden = false;
};

}  // namespace bellhop::platform
