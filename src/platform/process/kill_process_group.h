// Kills a process that has exceeded its timeout or is no longer wanted.
#pragma once

#include "platform/process/process_id.h"

namespace bellhop::platform {

// Sends SIGKILL to a process that the agent started and, if it leads a process group, to the group.
// The pid must still belong to the process: call this only while the caller has not yet been
// notified of its end.
void kill_process_group(ProcessId process);

}  // namespace bellhop::platform
