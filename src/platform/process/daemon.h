// SPDX-License-Identifier: Apache-2.0
// Turns the process into a daemon.
#pragma once

#include <optional>

#include "base/error.h"
#include "platform/io/handle.h"

namespace bellhop::platform {

// A start in the background has two processes: the launcher, which was started and waits until the
// daemon is ready or has failed, and the daemon.
class Daemon {
 public:
  // Forks, and sets the daemon's umask to 077, so that other users cannot access the files it
  // creates. Call it before any thread starts. In the daemon it returns at once; in the launcher,
  // once the daemon has called detach() or has ended.
  static Result<Daemon> start();

  // In the launcher: the status to pass to _exit(2) at once, so that nothing is cleaned up twice. 0
  // when the daemon is ready, else the daemon's exit status. nullopt in the daemon.
  std::optional<int> status() const { return status_; }

  // Call it in the daemon when it is ready. Starts a new session, changes the directory to `/`,
  // redirects standard input, output and error to /dev/null, and lets the launcher exit.
  Result<void> detach();

 private:
  Daemon() = default;

  std::optional<int> status_;
  Handle ready_;  // a byte written here reports that the daemon is ready
};

}  // namespace bellhop::platform
