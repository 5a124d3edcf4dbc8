// Starts a program in a child process, with given descriptors as its standard streams.
#pragma once

#include <sys/resource.h>
#include <sys/types.h>

#include <expected>
#include <optional>

#include "platform/io/pipe_posix.h"
#include "platform/process/process.h"
#include "platform/process/user_process_posix.h"

namespace bellhop::platform {

// What the child starts with.
struct SpawnSetup {
  // Become the child's descriptors 0, 1 and 2; all must be above 2. It gets no others.
  int in;
  int out;
  int err;
  std::optional<rlimit> descriptors = {};  // its RLIMIT_NOFILE; none: the agent's
  // Runs the program as that user, in the directory / and with umask 077; null: as the agent, in
  // its directory and with its umask.
  const Identity* user = nullptr;
  // Until then the program must run. Does not bound the loading of a program as the agent.
  ChildDeadline deadline = ChildDeadline::max();
};

// Starts `request.path` and returns once the program has been loaded or could not be. The streams
// of `request` are not looked at, `setup` has them. `report` is for the child's report. All
// programs that the agent runs are started here.
//
// The child stays in the caller's session and process group. It starts with no signal blocked, and
// as GLib's children do, with the default action for CHLD, INT, TERM, HUP and PIPE; other signals
// that the agent ignores, it ignores.
std::expected<pid_t, ChildReport> spawn(const ProcessRequest& request, const SpawnSetup& setup,
                                        Pipe report);

// Ends SIGCHLD being ignored, which the agent may have inherited: the system would reap children by
// itself and throw away how they ended.
void undo_ignored_sigchld();

}  // namespace bellhop::platform
