// Finds the mounts that may wait for another computer or for a program.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "platform/storage/mountinfo_linux.h"

namespace bellhop::platform {

// Index of a mount table. Not thread-safe.
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
