// SPDX-License-Identifier: Apache-2.0
// What the agent has frozen.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/mutex.h"
#include "platform/storage/local_filesystems.h"
#include "state/freeze/freeze_options.h"
#include "state/snapshot.h"

namespace bellhop::state {

// The filesystems that the agent froze, and the freeze state file. A filesystem is held open until
// it has thawed, so that its thaw does not depend on its mountpoint. Thread-safe. The lock is not
// held during blocking calls.
class FrozenSet {
 public:
  using Time = std::chrono::system_clock::time_point;
  // A filesystem that is held open.
  struct Entry {
    std::string mountpoint;
    std::shared_ptr<platform::Filesystem> filesystem;
  };
  // Frozen from the beginning, and incomplete, if the freeze state file exists.
  explicit FrozenSet(const FreezeOptions& options);

  // From begin() to end(), even if no filesystem has been frozen yet.
  bool is_frozen() const { return since().has_value(); }
  std::optional<Time> since() const;
  // False if filesystems may be frozen that are not in the set.
  bool is_complete() const;

  // Creates the state file. Call it before the first freeze().
  void begin();
  // Freezes a filesystem and adds it. False if it is frozen already or cannot be frozen.
  Result<bool> freeze(Entry entry);
  // The last frozen first.
  std::vector<Entry> in_thaw_order() const;
  // For a filesystem that has thawed.
  void remove(const Entry& entry);
  // Removes the state file. Call it when all filesystems have thawed; without effect if not frozen.
  void end();

  // Adds fields to the current record, then further records.
  void snapshot(SnapshotWriter& writer) const;
  void restore(const SnapshotRecord& record, Snapshot& snapshot,
               platform::Filesystems& filesystems);

 private:
  const FreezeOptions& options_;
  mutable Mutex mutex_;
  std::optional<Time> since_ GUARDED_BY(mutex_);  // when the freeze began; nothing if not frozen
  bool complete_ GUARDED_BY(mutex_) = true;
  std::vector<Entry> entries_ GUARDED_BY(mutex_);  // in the order in which they were frozen
};

}  // namespace bellhop::state
