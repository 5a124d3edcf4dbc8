// Parses the kernel's mount table: /proc/self/mountinfo, proc_pid_mountinfo(5).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace bellhop::platform {

// One mount of this process's mount namespace.
struct Mount {
  std::uint64_t id = 0;           // unique among the current mounts of this namespace
  std::uint64_t parent_id = 0;    // the parent mount, which may be missing from the table
  unsigned int device_major = 0;  // 0 for a filesystem without a disk, and for btrfs
  unsigned int device_minor = 0;
  std::string mountpoint;
  std::string type;        // "ext4"
  std::string source;      // "/dev/vda1", if the filesystem has a device
  bool read_only = false;  // the filesystem itself, for all its mounts
};

// Parses major and minor number from "MAJOR:MINOR".
std::optional<std::pair<unsigned int, unsigned int>> parse_device_number(std::string_view text);

// Parses one line of the table; nullopt if it is malformed.
std::optional<Mount> parse_mountinfo_line(std::string_view line);

}  // namespace bellhop::platform
