// Reads the kernel's table of mounts: /proc/self/mountinfo, proc_pid_mountinfo(5).
#pragma once

#include <cstdint>
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bellhop::platform {

// One mount of this process's mount namespace.
struct Mount {
  std::uint64_t id = 0;           // tells the mount from all others, now and here
  std::uint64_t parent_id = 0;    // of the mount that it is mounted on; it may not be in the table
  unsigned int device_major = 0;  // 0 for filesystems without a disk, and for btrfs
  unsigned int device_minor = 0;
  std::string mountpoint;
  std::string type;    // "ext4"
  std::string source;  // "/dev/vda1", where the filesystem has such a thing
};

// One line of the table; nullopt when it is none.
std::optional<Mount> parse_mountinfo_line(std::string_view line);

// The mountpoints of the filesystems that have a disk, in the table's order, which is that of
// mounting. Of the mounts of one filesystem only the first counts.
std::vector<std::string> disk_mountpoints(std::istream& table);

}  // namespace bellhop::platform
