// SPDX-License-Identifier: Apache-2.0
// One thaw.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "base/error.h"
#include "base/mutex.h"
#include "platform/storage/local_filesystems.h"
#include "state/freeze/freeze_options.h"
#include "state/freeze/frozen_set.h"

namespace bellhop::state {

// Why filesystems thaw.
struct ThawCause {
  FreezeEnd how = FreezeEnd::itself;
  std::string by = {};  // the client
};

// The steps, progress and result of a thaw. One thread runs it, any thread may read the result.
class Thaw {
 public:
  // `freezing`: a freeze runs, and may still freeze filesystems.
  Thaw(platform::Filesystems& filesystems, FrozenSet& frozen, const FreezeOptions& options,
       bool freezing = false, ThawCause cause = {})
      : filesystems_(filesystems),
        frozen_(frozen),
        options_(options),
        cause_(std::move(cause)),
        all_thawed_(!freezing && !frozen.is_frozen()) {}

  // Thaws what the agent has frozen. For a freeze that runs, call this before run(); it may hang at
  // `mountpoint`, or in its hook if that is empty.
  void thaw_frozen(const std::string& mountpoint = {});

  // Thaws everything and runs the hook, in this order: what the agent froze, then the hook, then
  // other filesystems. Neither of the first two waits for another filesystem whose disk hangs. If
  // the frozen set is empty, all filesystems are tried before the hook. Calls `on_thawed` before
  // the hook, with the freeze that ended if one was in force. Stops before it if a filesystem is
  // still frozen.
  void run(const std::function<void(const std::optional<EndedFreeze>& ended)>& on_thawed);

  // Only runs the hook: an agent before this one has thawed.
  void run_hook();

  // The number of filesystems thawed so far. Fails while one that the agent froze may be frozen,
  // and if the hook has failed.
  Result<std::int64_t> result() const;

 private:
  void thaw_others();
  void set_current(const std::string& mountpoint);
  void fail(Error error);

  platform::Filesystems& filesystems_;
  FrozenSet& frozen_;
  const FreezeOptions& options_;
  const ThawCause cause_;

  mutable Mutex mutex_;
  // Where the thaw waits; if empty, for the guard or a hook.
  std::string current_ GUARDED_BY(mutex_);
  std::int64_t count_ GUARDED_BY(mutex_) = 0;
  std::optional<Error> error_ GUARDED_BY(mutex_);  // the first one
  bool all_thawed_ GUARDED_BY(mutex_);             // all that the agent froze
};

}  // namespace bellhop::state
