// Starts a program in a child process, with given descriptors as its standard streams.
#pragma once

#include <sys/resource.h>
#include <sys/types.h>

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "platform/process/process.h"

namespace bellhop::platform {

// What the child starts with.
struct SpawnSetup {
  // Become the child's descriptors 0, 1 and 2; all must be above 2. It gets no others.
  int in;
  int out;
  int err;
  rlimit descriptors;  // its RLIMIT_NOFILE
};

// Starts `request.path` and returns once the program has been loaded or could not be. The streams
// of `request` are not looked at, `setup` has them.
//
// The child stays in the caller's session and process group and keeps its directory and umask.
// It starts with no signal blocked, and as GLib's children do, with the default action for CHLD,
// INT, TERM, HUP and PIPE; other signals that the agent ignores, it ignores.
Result<pid_t> spawn(const ProcessRequest& request, const SpawnSetup& setup);

// Ends SIGCHLD being ignored, which the agent may have inherited: the system would reap children by
// itself and throw away how they ended.
void undo_ignored_sigchld();

// The files to try, in order, for a program's name: itself when it has a slash, else one a
// directory of `search_path`, where an empty directory is the current one.
std::vector<std::string> program_candidates(std::string_view name, std::string_view search_path);

}  // namespace bellhop::platform
