// What the agent must not forget when it is restarted: which file handles it has given out.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/error.h"
#include "base/mutex.h"

namespace bellhop::state {

// The file `qga.state` in the state directory, in qemu-ga's format, so that each can go on where
// the other stopped. Any thread may call.
class PersistentState {
 public:
  // What to do when there is no file yet.
  enum class Missing {
    create,  // write one now, to find out whether the state directory is good
    ignore,  // for an agent that starts while filesystems are frozen: nothing may be written
  };

  // `directory` may end with a slash.
  explicit PersistentState(std::string directory);

  // Reads the file. To be called at start, for its errors: without it the first next_handle() does
  // it. A file that is empty or lacks the counter counts as new; one that is no key file is an
  // error, because going on could give out handles that are still in use by somebody.
  Result<void> load(Missing missing);

  // A handle that has never been given out in this state directory: 1000 at first. It is on disk
  // before this returns, so callers wait for each other as long as the disk takes.
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
