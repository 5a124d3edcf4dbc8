// SPDX-License-Identifier: Apache-2.0
// What the agent has frozen.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/error.h"
#include "base/mutex.h"
#include "platform/storage/freeze_guard.h"
#include "platform/storage/local_filesystems.h"
#include "state/freeze/ended_freezes.h"
#include "state/freeze/freeze_options.h"
#include "state/freeze/freeze_request.h"
#include "state/snapshot.h"

namespace bellhop::state {

// The filesystems that the agent froze, and their guard, which thaws them. A filesystem is held
// open until it has thawed, so that a guard that is replaced does not depend on its mountpoint.
// Thread-safe. The lock is not held during blocking calls.
class FrozenSet {
 public:
  using Time = std::chrono::system_clock::time_point;
  // A filesystem that is held open.
  struct Entry {
    std::string mountpoint;
    std::shared_ptr<platform::Filesystem> filesystem;
  };
  // What the guard does without a request.
  enum class Change {
    expired,  // the limit has passed; it thaws
    ended,    // it has thawed all
    lost,     // it is gone
  };

  // `on_change` is called on a thread of its own, with the beginning of the freeze.
  FrozenSet(platform::Filesystems& filesystems, const FreezeOptions& options,
            std::function<void(Change, Time since)> on_change);
  ~FrozenSet();
  FrozenSet(const FrozenSet&) = delete;
  FrozenSet& operator=(const FrozenSet&) = delete;

  // From begin() to end(), even if no filesystem has been frozen yet.
  bool is_frozen() const { return since().has_value(); }
  std::optional<Time> since() const;
  // The freeze in force, and what is known of the token's freeze.
  FreezeStatus status(std::optional<std::string_view> token) const;

  // Takes over what an earlier agent froze. Call watch() later.
  void inherit(platform::InheritedFreeze freeze);
  // Calls `on_change` from now on. Fails if there is no guard, or no thread for it.
  Result<void> watch();
  // Ends that. A running thaw() fails.
  void stop_watching();

  // Starts a guard for what is about to freeze. Entries are in the order in which they freeze.
  Result<void> begin(std::vector<Entry> entries, FreezeTerms terms = {});
  static Result<platform::FreezeOutcome> freeze(const Entry& entry) {
    return entry.filesystem->freeze();
  }
  // No more will freeze. If all has frozen, the limit begins again.
  void end_freezing(bool success);
  // Begins the limit of the token's freeze again, or a new limit. Returns it. Fails if that freeze
  // is not in force.
  Result<std::chrono::milliseconds> renew(std::string_view token,
                                          std::optional<std::chrono::milliseconds> limit);
  // Whether the guard has begun to thaw without a request.
  bool has_expired() const;
  // Replaces a guard that is gone. The limit stays.
  Result<void> replace_guard();

  // Thaws. Blocks until each filesystem was tried once. Returns the number that thawed. Fails if
  // one may still be frozen.
  Result<std::int64_t> thaw();
  // The mountpoint whose thaw has not ended; empty if there is none.
  std::string thawing() const;
  // Call it when all filesystems have thawed; without effect if not frozen. Returns the end of the
  // freeze: by itself if the guard says so, else as given.
  std::optional<EndedFreeze> end(FreezeEnd how = FreezeEnd::itself, std::string by = {});
  // Adds the end of a freeze that an earlier agent began.
  void add(EndedFreeze freeze);
  // Ends the freeze when no filesystem could be frozen.
  void cancel();

  // Adds fields to the current record, then further records. Events are kept for the successor,
  // until watch().
  void snapshot(SnapshotWriter& writer);
  void restore(const SnapshotRecord& record, Snapshot& snapshot);

 private:
  using Guard = std::shared_ptr<platform::FreezeGuard>;

  platform::GuardRequest request(const std::vector<Entry>& entries, FreezeTerms terms) const;
  void begin_limit() REQUIRES(mutex_);
  std::optional<std::chrono::milliseconds> remaining() const REQUIRES(mutex_);
  bool is_owner(std::string_view token) const REQUIRES(mutex_);
  Result<void> use(Guard guard);
  void read_events(platform::FreezeGuard& guard);
  std::optional<Change> apply(platform::GuardEvent event) REQUIRES(mutex_);
  Result<std::int64_t> thaw_without_guard();

  platform::Filesystems& filesystems_;
  const FreezeOptions& options_;
  const std::function<void(Change, Time since)> on_change_;

  mutable Mutex mutex_;
  ConditionVariable changed_;
  std::optional<Time> since_ GUARDED_BY(mutex_);   // when the freeze began; nothing if not frozen
  std::vector<Entry> entries_ GUARDED_BY(mutex_);  // in the order in which they were frozen
  FreezeTerms terms_ GUARDED_BY(mutex_);
  std::optional<std::chrono::nanoseconds> deadline_ GUARDED_BY(mutex_);  // of boot_time()
  EndedFreezes ended_freezes_ GUARDED_BY(mutex_);
  Guard guard_ GUARDED_BY(mutex_);         // null if there is none
  bool reads_ GUARDED_BY(mutex_) = false;  // read_events() may take events
  bool settled_ GUARDED_BY(mutex_) = true;
  bool succeeded_ GUARDED_BY(mutex_) = true;  // if settled
  bool expired_ GUARDED_BY(mutex_) = false;
  bool ended_ GUARDED_BY(mutex_) = false;
  std::uint64_t events_ GUARDED_BY(mutex_) = 0;  // that the guard has sent
  int requests_ GUARDED_BY(mutex_) = 0;          // calls that wait for the guard
  // The last pass of the guard: the latest request that it covers, and its result.
  std::int64_t pass_request_ GUARDED_BY(mutex_) = 0;
  std::int64_t pass_count_ GUARDED_BY(mutex_) = 0;
  std::string pass_error_ GUARDED_BY(mutex_);
  std::string thawing_ GUARDED_BY(mutex_);
  std::optional<std::string> notice_ GUARDED_BY(mutex_);

  std::jthread reader_;  // of the guard's events; destroyed first
};

}  // namespace bellhop::state
