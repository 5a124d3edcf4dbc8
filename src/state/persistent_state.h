// SPDX-License-Identifier: Apache-2.0
// State that survives restarts of the agent: the next file handle.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/error.h"
#include "base/mutex.h"

namespace bellhop::state {

// The file `qga.state` in the state directory, in qemu-ga's format, so that either agent can
// continue from the other's state. Thread-safe.
class PersistentState {
 public:
  // What to do when there is no file yet.
  enum class Missing {
    create,  // write one now, to check that the state directory is writable
    ignore,  // filesystems are frozen at start: nothing may be written
  };

  // `directory` may end with a slash.
  explicit PersistentState(std::string directory);

  // Reads the file. Called at start, so that its errors appear there; otherwise the first
  // next_handle() reads it. A file that is empty or lacks the counter counts as new. A file that is
  // not a key file is an error: with a new counter, handles that clients still use could be
  // returned again.
  Result<void> load(Missing missing);

  // A handle that was never returned before in this state directory; the first is 1000. The counter
  // is on disk when this returns, so callers wait for each other as long as the disk takes.
  Result<std::int64_t> next_handle();

 private:
  Result<void> load_locked(Missing missing) REQUIRES(mutex_);
  Result<void> write(std::int64_t counter) const REQUIRES(mutex_);

  const std::string path_;
  Mutex mutex_;
  // The next handle; nothing before load().
  std::optional<std::int64_t> counter_ GUARDED_BY(mutex_);
};

}  // namespace bellhop::state
