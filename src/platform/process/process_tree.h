// SPDX-License-Identifier: Apache-2.0
// Ends a program with all processes that it has started.
#pragma once

#include <chrono>
#include <string_view>

#include "platform/process/process_id.h"

namespace bellhop::platform {

// Kills the program `leader`, which leads a session, and the processes that it has started. `mark`
// is a "NAME=value" of its environment that no other program has. Waits until all have ended, for
// at most `timeout`: a process that waits for a disk does not end. `leader` may have ended a moment
// ago: the kernel does not reuse its pid that soon.
//
// On Linux, the processes are the descendants that can be found through their parents, all of the
// sessions of these processes, and those of the agent's user whose environment has `mark`. On other
// POSIX systems, they are the process group of `leader`.
void kill_process_tree(ProcessId leader, std::string_view mark, std::chrono::milliseconds timeout);

}  // namespace bellhop::platform
