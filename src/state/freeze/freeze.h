// The freeze: whether filesystems are held still, and the way into it and out of it.
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

// Runs the administrator's hooks with `action`, "freeze" or "thaw", and returns when they have
// ended, or soon after `stop` when it was asked to stop. After an error of "freeze" they need not
// be told "thaw".
using FreezeHook =
    std::function<Result<void>(std::string_view action, const std::stop_token& stop)>;

struct FreezeOptions {
  // Exists while filesystems are frozen. A start that finds it is frozen from the start.
  std::filesystem::path state_file;
  // How long a freeze may last until it ends by itself: for as long it may be going on, and for as
  // long again filesystems may then be frozen. 0: for ever.
  std::chrono::milliseconds timeout{0};
  // Keeps what the next thaw() is to tell about a freeze that ended by itself, over the agent's
  // end. None when empty.
  std::filesystem::path notice_file = {};
  // How long to wait before a thaw at the limit that failed is tried again.
  std::chrono::milliseconds retry_interval{10'000};
  FreezeHook hook = {};  // none when empty
  // Called with true before the first filesystem freezes, with false when all have thawed; on any
  // thread. From the one to the other nothing may be written to a disk. Not called for a freeze
  // that was there at the start.
  std::function<void(bool frozen)> on_change = {};
  // Told what went wrong where there is no caller to tell; on any thread.
  std::function<void(std::string_view message)> warn = {};
  // How long thaw() works before it answers with what it has.
  // Together with the half second after which a thaw overtakes it is less than one.
  std::chrono::milliseconds reply_timeout{400};
};

// Freezes and thaws, one at a time; may be used from any thread.
class Freeze {
 public:
  Freeze(platform::Filesystems& filesystems, FreezeOptions options);
  // Waits for the thread of a thaw and its hook. What is frozen stays frozen.
  ~Freeze();
  Freeze(const Freeze&) = delete;
  Freeze& operator=(const Freeze&) = delete;

  // For the end of the agent: refuses new freezes, gives up one that is going on, whose hook is
  // killed, waits up to `timeout` for that and for a thaw to end, and thaws what is frozen. False
  // when a hook is told of a thaw still or a thread is stuck in the kernel: the destructor would
  // wait for it.
  bool stop(std::chrono::milliseconds timeout);

  // From now on the limit counts for a freeze that was there at the start: it ends when that is
  // over since it began. To be called when on_change() may be.
  void arm_inherited_timeout();

  // Whether nothing is going on: no freeze, no thaw, no hook. What is frozen may stay so.
  bool is_idle() const;

  // Writes down the freeze, if there is one, for the program that goes on with it; its limit does
  // not end it any more. False when something is going on. resume() takes it back.
  bool snapshot(SnapshotWriter& writer);
  void resume();
  // Takes the freeze of the program before: what it held frozen, and when the limit is reached.
  // To be called before the freeze is used; arm_inherited_timeout() then counts what is left.
  void restore(Snapshot& snapshot);
  // Whether what was handed over is frozen.
  static bool was_frozen(const Snapshot& snapshot);

  bool is_frozen() const { return is_frozen_.load(std::memory_order_acquire); }
  // When the freeze began; none when thawed.
  std::optional<std::chrono::system_clock::time_point> frozen_since() const;

  // Runs the hook and freezes those of the filesystems whose first mountpoints are named, without
  // names all, each before what it lies on; read-only ones are left alone. Returns how many it
  // froze; with 0, and with an error, all is thawed again and the hook told so. May block as long
  // as a disk does.
  Result<std::int64_t> freeze(const std::optional<std::span<const std::string_view>>& mountpoints);

  // Thaws all filesystems of the system, whoever froze them, and runs the hook; also when nothing
  // is frozen. A freeze that is going on is given up. Returns how many filesystems it thawed.
  // Answers within `reply_timeout`: with an error when a filesystem is frozen still, and without
  // waiting for the hook or for filesystems that the agent did not freeze. The work goes on
  // meanwhile, and the next thaw() joins it. When a freeze has ended by itself since the last one,
  // what would have been a success is an error that tells so: the caller must not believe that it
  // was in force.
  Result<std::int64_t> thaw();

  // The system's filesystems, for who has other business with them.
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

  // What has come of a thaw so far; guarded by mutex_.
  struct Thawing {
    std::int64_t count = 0;
    std::optional<Error> error = {};
    bool all_thawed = false;  // nothing is left that the agent froze
    bool done = false;        // everybody's filesystems were seen to and the hook has ended
    std::vector<std::string> unreachable = {};  // mountpoints that may be frozen still
  };

  // Filesystems that could not be reached, and why.
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
  std::stop_source end_;  // the agent ends: no freeze begins any more

  mutable Mutex mutex_;  // guards what follows; never held while something may block
  ConditionVariable changed_;
  Phase phase_ GUARDED_BY(mutex_) = Phase::idle;
  std::stop_source stop_freezing_ GUARDED_BY(mutex_);
  bool timed_out_ GUARDED_BY(mutex_) = false;  // why the freeze that is going on was stopped
  bool committed_ GUARDED_BY(mutex_) = false;  // the freeze that is going on will not fail any more
  std::vector<FrozenFilesystem> frozen_
      GUARDED_BY(mutex_);  // in the order in which they were frozen
  // The mountpoints that the kernel was last asked to freeze and to thaw.
  std::string freezing_ GUARDED_BY(mutex_);
  std::string thawing_mountpoint_ GUARDED_BY(mutex_);
  std::optional<TimePoint> deadline_ GUARDED_BY(mutex_);  // of the limit, while it is handed over
  bool inherited_ GUARDED_BY(mutex_) =
      false;  // frozen before this agent started: what, is not known
  std::optional<std::chrono::system_clock::time_point> frozen_since_ GUARDED_BY(mutex_);
  std::shared_ptr<Thawing> thawing_ GUARDED_BY(mutex_);  // the last thaw, or the one going on

  AutoThawNotice notice_;
  std::jthread thaw_thread_;
  Timer auto_thaw_timer_;
};

}  // namespace bellhop::state
