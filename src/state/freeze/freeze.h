// SPDX-License-Identifier: Apache-2.0
// The freeze state, and the operations that freeze and thaw filesystems.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/mutex.h"
#include "platform/storage/local_filesystems.h"
#include "state/freeze/auto_thaw_notice.h"
#include "state/freeze/freeze_options.h"
#include "state/freeze/freeze_request.h"
#include "state/freeze/frozen_set.h"
#include "state/freeze/owed_hooks.h"
#include "state/freeze/thaw.h"
#include "state/freeze/thaw_thread.h"
#include "state/snapshot.h"

namespace bellhop::state {

// Freezes and thaws, one at a time. Thread-safe.
class Freeze {
 public:
  // `inherited`: what an earlier agent left frozen.
  Freeze(platform::Filesystems& filesystems, FreezeOptions options,
         std::optional<platform::InheritedFreeze> inherited = {});
  // Waits for a running thaw and its hook. Frozen filesystems stay frozen, under their guard.
  ~Freeze();
  Freeze(const Freeze&) = delete;
  Freeze& operator=(const Freeze&) = delete;

  // For the shutdown of the agent. Refuses new freezes, aborts a running one and kills its hook,
  // waits up to `timeout` until it and a running thaw have ended, and thaws what is frozen. False
  // if filesystems are still frozen, a thaw hook still runs or a thread is stuck in the kernel: the
  // destructor would wait for it.
  bool stop(std::chrono::milliseconds timeout);

  // True if no freeze, thaw or hook runs. Filesystems may be frozen.
  bool is_idle() const;

  // Writes the freeze to the snapshot, with the connection to the guard. False while a freeze or
  // thaw runs.
  bool snapshot(SnapshotWriter& writer);
  // Begins to watch the guard of a freeze that was in force at start, and again after snapshot().
  // If an earlier agent froze and did not run the thaw hooks, runs them. Call it once on_change()
  // may be called.
  void start();
  // Restores the freeze from the snapshot. Call it before any other use.
  void restore(Snapshot& snapshot);
  // Whether filesystems are frozen according to the snapshot.
  static bool was_frozen(const Snapshot& snapshot);

  bool is_frozen() const { return frozen_.is_frozen(); }
  // Whether the thaw hooks run that an earlier agent owed: applications are still paused.
  bool runs_owed_hooks() const { return runs_owed_hooks_; }
  // When the freeze began; nullopt when thawed.
  std::optional<FrozenSet::Time> frozen_since() const { return frozen_.since(); }

  // What is in force, and what is known of the freeze of `token`.
  FreezeStatus status(std::optional<std::string_view> token = {}) const {
    return frozen_.status(token);
  }

  // Runs the hook, then freezes the filesystems that have a mount at one of the names, or all
  // without names. Fails without running the hook if no filesystem is mounted at a name. A
  // filesystem is frozen before the filesystem that contains its storage. Read-only ones and those
  // that the rules leave out are skipped. Returns the number of filesystems frozen. If it is 0, and
  // after an error, everything is thawed again and the thaw hook has run. Blocks as long as a disk
  // does.
  Result<std::int64_t> freeze(const MountpointNames& mountpoints);
  // The same, as the client asks for it. If nothing was frozen, the report has no token.
  Result<FreezeReport> freeze(const FreezeRequest& request);

  // Thaws all filesystems, also those that another program froze, and runs the hook; also when
  // nothing is frozen. Aborts a running freeze. Returns the number of filesystems thawed. Returns
  // within `reply_timeout`: with an error if a filesystem is still frozen, and without waiting for
  // the hook or for filesystems that the agent did not freeze. The work continues in the
  // background, and the next thaw() joins it. The first success after an auto-thaw is replaced by
  // the auto-thaw notice as an error: the caller must not assume that the freeze was in force.
  //
  // With a token instead of `force`, only the freeze of the token is thawed. If it has ended in
  // another way, the result is an error that says so, each time. Without both, a freeze that has an
  // owner is not thawed.
  Result<std::int64_t> thaw(const ThawRequest& request = {.force = true});

  // Begins the limit of the token's freeze again, or a new limit. Returns it.
  Result<std::chrono::milliseconds> renew(std::string_view token,
                                          std::optional<std::chrono::milliseconds> limit) {
    return frozen_.renew(token, limit);
  }

  // The filesystems of the guest, for other uses.
  platform::Filesystems& filesystems() const { return filesystems_; }

 private:
  // The freeze that runs.
  struct Freezing {
    void abort(std::string reason);
    Result<void> check_aborted() const;
    std::string limit_passed() const;

    std::chrono::milliseconds limit;
    bool owned;
    std::stop_source stop_hook = {};
    std::string mountpoint = {};    // which the kernel was last asked to open or freeze
    std::string abort_reason = {};  // not empty: the freeze must fail
  };

  bool is_idle_locked() const REQUIRES(mutex_);
  // These add to the report.
  Result<void> run_freeze(const FreezeRequest& request, FreezeReport& report,
                          const std::stop_token& stop);
  Result<void> freeze_named(const FreezeRequest& request, FreezeReport& report);
  Result<void> freeze_one(const FrozenSet::Entry& entry, FreezePolicy policy,
                          FilesystemReport& report);
  Result<std::vector<FrozenSet::Entry>> open_named(const FreezeRequest& request,
                                                   FreezeReport& report);
  Result<void> proceed_to(const std::string& mountpoint);
  Result<void> commit();

  // Adds what it says to what is known of freezes that have ended.
  std::optional<platform::FreezeNotice> learn_from_notice();
  Result<std::optional<ThawCause>> admit_thaw(const ThawRequest& request) const REQUIRES(mutex_);
  Result<std::int64_t> thaw_within_timeout(const ThawRequest& request);
  // What the guard did without a request.
  struct GuardChange {
    FrozenSet::Change what;
    FrozenSet::Time since;  // the beginning of its freeze
  };
  void on_guard_change(GuardChange change);
  bool keep_guarded(FrozenSet::Change change);
  void run_thaw(std::optional<GuardChange> change);
  void run_owed_hooks();
  void finish(const std::shared_ptr<Thaw>& thaw);

  platform::Filesystems& filesystems_;
  OwedHooks owed_hooks_;
  const FreezeOptions options_;
  AutoThawNotice notice_;
  std::atomic<bool> runs_owed_hooks_ = false;

  mutable Mutex mutex_;  // the turns; not held during blocking calls
  ConditionVariable changed_;
  std::optional<Freezing> freezing_ GUARDED_BY(mutex_);  // until the freeze has succeeded or failed
  std::shared_ptr<Thaw> thaw_ GUARDED_BY(mutex_);        // the thaw that runs
  bool ending_ GUARDED_BY(mutex_) = false;               // no new freeze begins

  FrozenSet frozen_;
  ThawThread thread_;  // destroyed first
};

}  // namespace bellhop::state
