// The freeze state, and the operations that freeze and thaw filesystems.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/mutex.h"
#include "platform/storage/local_filesystems.h"
#include "state/freeze/auto_thaw_notice.h"
#include "state/snapshot.h"
#include "state/timer.h"

namespace bellhop::state {

// Runs the administrator's hooks with `action`, "freeze" or "thaw". Returns when they have ended,
// or soon after `stop` is requested. If "freeze" fails, the caller need not run "thaw".
using FreezeHook =
    std::function<Result<void>(std::string_view action, const std::stop_token& stop)>;

struct FreezeOptions {
  // The freeze state file: exists while filesystems are frozen. If it exists at start, the agent
  // starts frozen.
  std::filesystem::path state_file;
  // Auto-thaw timeout. Applies to the freezing phase and, again from zero, to the frozen phase. 0
  // disables it.
  std::chrono::milliseconds timeout{0};
  // Keeps the auto-thaw notice across restarts of the agent. No file is used when empty.
  std::filesystem::path notice_file = {};
  // Interval between attempts when an auto-thaw fails.
  std::chrono::milliseconds retry_interval{10'000};
  FreezeHook hook = {};  // none when empty
  // Called with true before the first filesystem freezes, and with false when all have thawed; on
  // any thread. Between the two calls nothing may be written to a disk. Not called with true for a
  // freeze that was in force at start.
  std::function<void(bool frozen)> on_change = {};
  // Receives the errors that no caller receives; called on any thread.
  std::function<void(std::string_view message)> warn = {};
  // Maximum duration of thaw(); then it returns the result so far. Its sum with the 500 ms after
  // which an expedited thaw overtakes older requests is less than one second.
  std::chrono::milliseconds reply_timeout{400};
};

// Freezes and thaws, one at a time. Thread-safe.
class Freeze {
 public:
  Freeze(platform::Filesystems& filesystems, FreezeOptions options);
  // Waits for the thread of a running thaw and its hook. Frozen filesystems stay frozen.
  ~Freeze();
  Freeze(const Freeze&) = delete;
  Freeze& operator=(const Freeze&) = delete;

  // For the shutdown of the agent. Refuses new freezes, aborts a running one and kills its hook,
  // waits up to `timeout` until it and a running thaw have ended, and thaws what is frozen. False
  // if filesystems are still frozen, a thaw hook still runs or a thread is stuck in the kernel: the
  // destructor would wait for it.
  bool stop(std::chrono::milliseconds timeout);

  // Starts the auto-thaw timeout of a freeze that was in force at start. The timeout counts from
  // the beginning of that freeze. Call it once on_change() may be called.
  void arm_inherited_timeout();

  // True if no freeze, thaw or hook runs. Filesystems may be frozen.
  bool is_idle() const;

  // Writes the freeze to the snapshot and stops the auto-thaw timer. False while a freeze or thaw
  // runs, and when the timeout has expired. resume() restarts the timer.
  bool snapshot(SnapshotWriter& writer);
  void resume();
  // Restores the freeze from the snapshot: the frozen filesystems and the deadline. Call it before
  // any other use; arm_inherited_timeout() then applies the restored deadline.
  void restore(Snapshot& snapshot);
  // Whether filesystems are frozen according to the snapshot.
  static bool was_frozen(const Snapshot& snapshot);

  bool is_frozen() const { return is_frozen_.load(std::memory_order_acquire); }
  // When the freeze began; nullopt when thawed.
  std::optional<std::chrono::system_clock::time_point> frozen_since() const;

  // Runs the hook, then freezes the filesystems whose first mountpoint is named, or all without
  // names. A filesystem is frozen before the filesystem that contains its storage. Read-only ones
  // are skipped. Returns the number of filesystems frozen. If it is 0, and after an error,
  // everything is thawed again and the thaw hook has run. Blocks as long as a disk does.
  Result<std::int64_t> freeze(const std::optional<std::span<const std::string_view>>& mountpoints);

  // Thaws all filesystems, also those that another program froze, and runs the hook; also when
  // nothing is frozen. Aborts a running freeze. Returns the number of filesystems thawed. Returns
  // within `reply_timeout`: with an error if a filesystem is still frozen, and without waiting for
  // the hook or for filesystems that the agent did not freeze. The work continues in the
  // background, and the next thaw() joins it. The first success after an auto-thaw is replaced by
  // the auto-thaw notice as an error: the caller must not assume that the freeze was in force.
  Result<std::int64_t> thaw();

  // The filesystems of the guest, for other uses.
  platform::Filesystems& filesystems() const { return filesystems_; }

 private:
  using Names = std::optional<std::span<const std::string_view>>;
  using TimePoint = std::chrono::steady_clock::time_point;

  enum class Phase { idle, freezing, thawing };

  // A filesystem that the agent froze and holds open until it has thawed.
  struct FrozenFilesystem {
    std::string mountpoint;
    std::shared_ptr<platform::Filesystem> filesystem;
  };

  // Progress and result of a thaw. Guarded by mutex_.
  struct Thawing {
    std::int64_t count = 0;
    std::optional<Error> error = {};
    bool all_thawed = false;  // all that the agent froze has thawed
    bool done = false;        // all mounted filesystems were tried and the hook has ended
    std::vector<std::string> unreachable = {};  // mountpoints that may still be frozen
  };

  // The mountpoints that could not be opened, with the errors.
  using Unreachable = std::vector<std::pair<std::string, Error>>;

  bool is_idle_locked() const REQUIRES(mutex_);
  Result<std::stop_token> begin_freeze();
  void end_phase();
  Result<std::int64_t> freeze_named(const Names& names, const std::stop_token& stop);
  Result<std::vector<platform::LocalFilesystem>> choose(const Names& names);
  Result<std::vector<FrozenFilesystem>> open_chosen(const Names& names,
                                                    const std::stop_token& stop);
  Result<std::int64_t> freeze_all(std::vector<FrozenFilesystem> opened,
                                  const std::stop_token& stop);
  bool try_commit();
  Result<void> check_gone(const Unreachable& unreachable);
  std::unexpected<Error> roll_back(Error error);
  std::unexpected<Error> aborted() const;

  Result<std::int64_t> thaw_within_timeout();
  void start_thaw() REQUIRES(mutex_);
  void finish_thaw(Thawing& thawing);
  void thaw_everything(Thawing& thawing);
  bool thaw_frozen(Thawing& thawing);
  void thaw_others(Thawing& thawing, bool errors_count);
  void set_current_freeze(const std::string& mountpoint);
  void set_current_thaw(const std::string& mountpoint);
  void record_result(Thawing& thawing, const Result<bool>& thawed, bool errors_count);
  Result<std::int64_t> outcome(const Thawing& thawing) const REQUIRES(mutex_);

  Result<void> run_hook(std::string_view action, const std::stop_token& stop) const;
  void run_thaw_hook() const;
  Result<void> set_frozen();
  void set_thawed();
  Result<void> arm_timeout(std::chrono::milliseconds from_now);
  void rearm_timeout(std::chrono::milliseconds from_now);
  std::optional<TimePoint> take_deadline();
  void arm_until(TimePoint deadline);
  void auto_thaw();
  std::string auto_thaw_message() const REQUIRES(mutex_);
  void warn(std::string_view message) const;

  platform::Filesystems& filesystems_;
  const FreezeOptions options_;
  std::atomic<bool> is_frozen_ = false;
  std::stop_source end_;  // requested at shutdown: no new freeze begins

  mutable Mutex mutex_;  // not held during blocking calls
  ConditionVariable changed_;
  Phase phase_ GUARDED_BY(mutex_) = Phase::idle;
  std::stop_source stop_freezing_ GUARDED_BY(mutex_);
  bool timed_out_ GUARDED_BY(mutex_) = false;  // the auto-thaw timeout stopped the running freeze
  bool committed_ GUARDED_BY(mutex_) = false;  // the running freeze can no longer fail
  // In the order in which they were frozen.
  std::vector<FrozenFilesystem> frozen_ GUARDED_BY(mutex_);
  // The mountpoints that the kernel was last asked to freeze and to thaw.
  std::string freezing_ GUARDED_BY(mutex_);
  std::string thawing_mountpoint_ GUARDED_BY(mutex_);
  // Of the auto-thaw; set by snapshot() and restore().
  std::optional<TimePoint> deadline_ GUARDED_BY(mutex_);
  // Frozen before this start, and the list is unknown.
  bool inherited_ GUARDED_BY(mutex_) = false;
  std::optional<std::chrono::system_clock::time_point> frozen_since_ GUARDED_BY(mutex_);
  std::shared_ptr<Thawing> thawing_ GUARDED_BY(mutex_);  // the running thaw, or else the last one

  AutoThawNotice notice_;
  std::jthread thaw_thread_;
  Timer auto_thaw_timer_;
};

}  // namespace bellhop::state
