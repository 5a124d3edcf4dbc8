// SPDX-License-Identifier: Apache-2.0
// The guard of a freeze: a process that thaws, whatever happens to the agent.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "platform/io/handle.h"

namespace bellhop::platform {

class Filesystem;

// Files in the state directory. The mark exists while filesystems are frozen; qemu-ga has the same
// name. The notice is the error that the next thaw returns after a freeze that ended by itself.
inline constexpr std::string_view freeze_mark_name = "qga.state.isfrozen";
inline constexpr std::string_view freeze_notice_name = "bellhop.freeze-ended";

// The option with which the program runs as a guard.
inline constexpr std::string_view freeze_guard_option = "--freeze-guard";

// What a guard needs to know.
struct GuardRequest {
  struct Guarded {
    std::string mountpoint;
    const Filesystem* filesystem;  // only for the call
  };

  std::string directory;                             // the state directory
  std::chrono::milliseconds limit{0};                // 0: none
  std::chrono::milliseconds retry_interval{10'000};  // after a thaw at the limit that failed
  std::vector<Guarded> filesystems = {};             // in the order in which they will freeze
  std::string owner = {};                            // for the mark and the notice
  // For a freeze in force: replaces the deadline in the mark, which may have been renewed.
  std::optional<std::chrono::milliseconds> remaining = {};
};

struct GuardEvent {
  enum class Kind {
    thawing,  // a filesystem is about to thaw: `text` is its mountpoint
    warning,  // `text` is for the log
    expired,  // the limit has passed, or the guard was told to end; it thaws now
    pass,     // each filesystem was tried once; `text` is the first error, or empty
    ended,    // all have thawed, and the guard has ended; `text` is the notice, or empty
    lost,     // the guard is gone; filesystems may be frozen
  };
  Kind kind;
  std::int64_t count = 0;    // filesystems thawed in this pass, for pass and ended
  std::int64_t request = 0;  // the last request that the pass covers
  std::string text = {};
};

// The agent's connection to a guard. Its destruction does not end the guard. wait() and next() are
// called by one thread at a time, the rest by any thread.
class FreezeGuard {
 public:
  virtual ~FreezeGuard() = default;

  // Blocks until next() has an event, or interrupt() was called.
  virtual void wait() = 0;
  virtual void interrupt() = 0;
  // Does not block. Returns `lost` once; there is no event after it and after `ended`.
  virtual std::optional<GuardEvent> next() = 0;

  // The agent has frozen all filesystems. The limit begins again; 0 means none. Without this call
  // or freezing_failed(), the guard does not end before the agent does: the kernel may still
  // freeze.
  virtual void all_frozen(std::chrono::milliseconds limit) = 0;
  // The agent freezes no more filesystems, and reports the failure itself: there is no notice.
  virtual void freezing_failed() = 0;
  // Replaces the limit, from now on.
  virtual void renew(std::chrono::milliseconds limit) = 0;
  // Thaws; the result is `pass` or `ended`. Each `request` is greater than the one before.
  virtual void thaw(std::int64_t request) = 0;
  // Ends the guard without a thaw: the agent has frozen nothing. The result is `ended`.
  virtual void cancel() = 0;

  // False if another agent has the guard, or no agent can reach it: then this is only told of its
  // end.
  virtual bool takes_requests() const { return true; }

  // For the snapshot of a live upgrade.
  virtual NativeHandle descriptor() const { return no_handle; }
};

// A freeze that an earlier agent left behind.
struct InheritedFreeze {
  std::unique_ptr<FreezeGuard> guard;  // null if none could be started
  std::chrono::system_clock::time_point since;
  std::string owner = {};
  std::chrono::milliseconds limit{0};
  std::optional<std::chrono::nanoseconds> deadline = {};  // of boot_time(); none: no limit
};

// What a start finds in the state directory.
struct FreezeAtStart {
  std::optional<InheritedFreeze> freeze = {};
  std::vector<std::string> warnings = {};
};

// Starts a guard, which writes the mark. When it returns, the filesystems thaw at the limit, and
// when the agent ends without a call of all_frozen(). Errors: `cannot guard the freeze: …`.
Result<std::unique_ptr<FreezeGuard>> start_freeze_guard(const GuardRequest& request);

// Continues with the descriptor() of the program before a live upgrade.
std::unique_ptr<FreezeGuard> restore_freeze_guard(Handle descriptor);

// Looks for a freeze of an earlier agent, in this or another boot of the system. If there is one,
// makes sure that it has a guard, which keeps the limit that the mark contains, else `limit` from
// now on. Writes to no filesystem that may be frozen. A mark that is not a regular file counts as a
// freeze, with a warning.
FreezeAtStart inherit_freeze(const std::string& directory, std::chrono::milliseconds limit);

// Starts a guard for a freeze whose guard is gone. It keeps the limit that the mark contains, else
// the one of the request from now on. It thaws all filesystems of the system; those of the request
// through their descriptors.
Result<std::unique_ptr<FreezeGuard>> replace_freeze_guard(const GuardRequest& request);

// The time since the boot, with the time in which the system was suspended.
std::chrono::nanoseconds boot_time();

// The content of the notice's file.
struct FreezeNotice {
  std::string text;        // one line
  std::string owner = {};  // of the freeze that ended
  std::chrono::system_clock::time_point ended = {};
};
std::string format_freeze_notice(const FreezeNotice& notice);
// nullopt if there is no text.
std::optional<FreezeNotice> parse_freeze_notice(std::string_view content);

// The text of the notice. `why` continues "the freeze ended by itself at TIME, ".
std::string freeze_notice(std::chrono::system_clock::time_point since, std::string_view why);
// The text about a freeze that was thawed. `how` continues "the freeze was thawed at TIME ".
std::string freeze_thawed(std::chrono::system_clock::time_point since, std::string_view how);
// A time as messages have it: 2026-11-29T03:00:00Z.
std::string freeze_time(std::chrono::system_clock::time_point time);

// The guard: the whole program when it is executed with `freeze_guard_option`. Returns its exit
// status.
int run_freeze_guard();

}  // namespace bellhop::platform
