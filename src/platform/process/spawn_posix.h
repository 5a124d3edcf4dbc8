// Starts a program in a child process, with given fds as its standard streams.
#pragma once

#include <sys/resource.h>
#include <sys/types.h>

#include <expected>
#include <optional>

#include "platform/io/pipe_posix.h"
#include "platform/process/process.h"
#include "platform/process/user_process_posix.h"

namespace bellhop::platform {

// The fds and the limit that the child starts with.
struct SpawnSetup {
  // Become the child's fds 0, 1 and 2; all must be above 2. The child gets no other fds.
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

// Starts `request.path`. Returns once the program has been loaded, or could not be. Uses the
// streams of `setup` and ignores those of `request`. `report` carries the child's report. The agent
// starts all programs here.
//
// The child stays in the caller's session and process group. It starts with no signal blocked. As
// in GLib, CHLD, INT, TERM, HUP and PIPE have their default action; other signals that the agent
// ignores stay ignored.
std::expected<pid_t, ChildReport> spawn(const ProcessRequest& request, const SpawnSetup& setup,
                                        Pipe report);

// Undoes an inherited SIG_IGN for SIGCHLD, with which the kernel would reap children itself and
// discard their exit statuses.
void undo_ignored_sigchld();

}  // namespace bellhop::platform
