// Reads the kernel's table of mounts: /proc/self/mountinfo, proc_pid_mountinfo(5).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace bellhop::platform {

// One mount of this process's mount namespace.
struct Mount {
  std::uint64_t id = 0;           // tells the mount from all others, now and here
  std::uint64_t parent_id = 0;    // of the mount that it is mounted on; it may not be in the table
  unsigned int device_major = 0;  // 0 for filesystems without a disk, and for btrfs
  unsigned int device_minor = 0;
  std::string mountpoint;
  std::string type;        // "ext4"
  std::string source;      // "/dev/vda1", where the filesystem has such a thing
  bool read_only = false;  // the filesystem, for all its mounts
};

// One line of the table; nullopt when it is none.
std::optional<Mount> parse_mountinfo_line(std::string_view line);

}  // namespace bellhop::platform
