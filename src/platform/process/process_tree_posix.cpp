// SPDX-License-Identifier: Apache-2.0
#include <signal.h>
#include <sys/types.h>

#include "platform/process/process_tree.h"

namespace bellhop::platform {

// POSIX has no means to list processes, and does not report when a group is empty.
void kill_process_tree(ProcessId leader, std::string_view, std::chrono::milliseconds) {
  // kill(2) with 0 or -1: the agent's own group or every process.
  if (leader > 1) ::kill(static_cast<pid_t>(-leader), SIGKILL);
}

}  // namespace bellhop::platform
