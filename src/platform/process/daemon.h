// Becoming a daemon.
#pragma once

#include <optional>

#include "base/error.h"
#include "platform/io/handle.h"

namespace bellhop::platform {

// The two processes that a start in the background has: the one that was called, which waits until
// the daemon works or has failed, and the daemon.
class Daemon {
 public:
  // Forks, and sets the daemon's umask to 077: what it makes is its own. To be called before any
  // thread is started. In the process that was called it returns
  // when the daemon has called detach(), or has ended.
  static Result<Daemon> start();

  // In the process that was called: the status to leave with at once, by _exit(2), so that nothing
  // is cleaned up twice. 0 when the daemon works; else its own status. nullopt in the daemon.
  std::optional<int> status() const { return status_; }

  // In the daemon, when it works: leaves the session, goes to `/`, puts /dev/null in
  // place of standard input, output and error, and lets the other process leave.
  Result<void> detach();

 private:
  Daemon() = default;

  std::optional<int> status_;
  Handle ready_;  // a byte written here says that the daemon works
};

}  // namespace bellhop::platform
