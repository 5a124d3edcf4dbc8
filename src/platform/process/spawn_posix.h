// Starts a program in a child process, with given fds as its standard streams.
#pragma once

#include <sys/resource.h>
#include <sys/types.h>

#include "base/error.h"
#include "platform/process/process.h"

namespace bellhop::platform {

// The fds and the limit that the child starts with.
struct SpawnSetup {
  // Become the child's fds 0, 1 and 2; all must be above 2. The child gets no other fds.
  int in;
  int out;
  int err;
  rlimit descriptors;  // its RLIMIT_NOFILE
};

// Starts `request.path`. Returns once the program has been loaded, or could not be. Uses the
// streams of `setup` and ignores those of `request`.
//
// The child keeps the caller's session, process group, directory and umask. It starts with no
// signal blocked. As in GLib, CHLD, INT, TERM, HUP and PIPE have their default action; other
// signals that the agent ignores stay ignored.
Result<pid_t> spawn(const ProcessRequest& request, const SpawnSetup& setup);

// Undoes an inherited SIG_IGN for SIGCHLD, with which the kernel would reap children itself and
// discard their exit statuses.
void undo_ignored_sigchld();

}  // namespace bellhop::platform
