// How full filesystems are, without waiting for those that do not answer.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "platform/storage/filesystem_size.h"
#include "state/workers.h"

namespace bellhop::state {

// Asks filesystems for their sizes, on threads of its own: a dead server, program or disk costs
// the thread that asks it, and is not asked again before it has answered. May be used from any
// thread.
class StatvfsPool {
 public:
  using Size = platform::FilesystemSize;
  // May block for ever.
  using Statvfs = std::function<std::optional<Size>(const std::filesystem::path&)>;

  struct Query {
    std::uint64_t mount_id = 0;  // tells the filesystem from all others
    std::filesystem::path path;
    bool may_block = false;  // whether waiting for somebody else is to be expected
  };

  struct Limits {
    // How long one call waits for the filesystems that may block, and for the others. The second
    // is only reached when a disk is dead.
    std::chrono::milliseconds remote{500};
    std::chrono::milliseconds local{3000};
    // How many threads may be asking. When all of them are stuck, nobody is asked.
    std::size_t threads = 16;
  };

  explicit StatvfsPool(Statvfs statvfs = platform::filesystem_size)
      : StatvfsPool(std::move(statvfs), Limits{}) {}
  StatvfsPool(Statvfs statvfs, Limits limits);

  // The sizes, in the order of the questions; nothing for those that have not answered in time or
  // do not tell.
  std::vector<std::optional<Size>> query(std::span<const Query> queries);

  // Whether a thread still waits for a filesystem that was given up.
  bool is_waiting() const;

 private:
  struct Shared;
  class Batch;

  // Threads refer to it that may outlive this.
  std::shared_ptr<Shared> shared_;
  Workers workers_;
};

}  // namespace bellhop::state
