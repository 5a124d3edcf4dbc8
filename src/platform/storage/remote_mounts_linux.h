// Which mounts may have to wait for another computer or a program.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "platform/storage/mountinfo_linux.h"

namespace bellhop::platform {

// Knows a table of mounts.
class RemoteMounts {
 public:
  explicit RemoteMounts(const std::vector<Mount>& mounts);

  // Whether a mount is of a filesystem that a server or a program keeps, or is mounted somewhere
  // beneath one, because the way to it leads through that. Takes as long, for all mounts together,
  // as there are mounts.
  bool may_block(std::uint64_t mount_id);

 private:
  struct Known {
    std::uint64_t parent;
    bool waits;
    bool final;  // whether `waits` takes the parents into account
  };
  std::unordered_map<std::uint64_t, Known> mounts_;
};

}  // namespace bellhop::platform
