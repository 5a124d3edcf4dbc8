// SPDX-License-Identifier: Apache-2.0
// Sizes of filesystems, without waiting for those that do not answer.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "platform/storage/filesystem_size.h"
#include "platform/storage/mount_place.h"

namespace bellhop::state {

// Queries the sizes of filesystems on its own threads. A filesystem whose server, program or disk
// is dead blocks one thread, and is not queried again until it has answered. Thread-safe.
class StatvfsPool {
 public:
  using Size = platform::FilesystemSize;
  // May block indefinitely.
  using Statvfs = std::function<std::optional<Size>(const platform::MountPlace&)>;

  struct Query {
    std::uint64_t mount_id = 0;                // identifies the filesystem
    std::vector<platform::MountPlace> places;  // tried in this order until one has a size
    bool may_block = false;                    // its answer depends on a server or another program
  };

  struct Limits {
    // How long one call waits for filesystems that may block, and for the others. The second
    // timeout expires only if a disk is dead.
    std::chrono::milliseconds remote{500};
    std::chrono::milliseconds local{3000};
    // Maximum number of threads. When all of them are stuck, nothing is queried.
    std::size_t threads = 16;
  };

  explicit StatvfsPool(Statvfs statvfs = platform::filesystem_size)
      : StatvfsPool(std::move(statvfs), Limits{}) {}
  StatvfsPool(Statvfs statvfs, Limits limits);

  // The sizes, in the order of the queries; nullopt for filesystems that have not answered in time
  // or have no size.
  std::vector<std::optional<Size>> query(std::span<const Query> queries);

  // Whether a thread still waits for a filesystem.
  bool is_waiting() const;

 private:
  struct Shared;
  class Batch;

  // Shared with the threads, which may outlive the pool.
  std::shared_ptr<Shared> shared_;
};

}  // namespace bellhop::state
