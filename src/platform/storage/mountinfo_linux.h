// SPDX-License-Identifier: Apache-2.0
// Parses the kernel's mount table: /proc/self/mountinfo, proc_pid_mountinfo(5).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

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
  // Of the root of the filesystem or of a btrfs subvolume, not of a directory or file in it.
  bool is_of_root = false;
};

// Parses major and minor number from "MAJOR:MINOR".
std::optional<std::pair<unsigned int, unsigned int>> parse_device_number(std::string_view text);

// Parses one line of the table; nullopt if it is malformed.
std::optional<Mount> parse_mountinfo_line(std::string_view line);

// The mounts of each filesystem: those with the same device number. The filesystems are in the
// order of their first mounts. The mounts of a filesystem are in the order of the table, those of
// its root before the others.
std::vector<std::vector<const Mount*>> mounts_by_filesystem(const std::vector<Mount>& mounts);

// Finds the mounts of a table that may wait for another computer or for a program. Not thread-safe.
class RemoteMounts {
 public:
  explicit RemoteMounts(const std::vector<Mount>& mounts);

  // True if the filesystem depends on a server or on a program, or is mounted beneath one that
  // does, because its path leads through that. All calls together take time linear in the number of
  // mounts.
  bool may_block(std::uint64_t mount_id);

 private:
  struct Known {
    std::uint64_t parent;
    bool waits;
    bool final;  // whether `waits` includes the parents
  };
  std::unordered_map<std::uint64_t, Known> mounts_;
};

}  // namespace bellhop::platform
