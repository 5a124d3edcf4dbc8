// Ending a process that takes too long.
#pragma once

#include <cstdint>

namespace bellhop::platform {

// Ends a process that the agent started, and the processes of the group that it leads if it leads
// one, without giving it a chance to object. The number must still be the process's: its caller
// has not yet been told that it has ended.
void kill_process_group(std::int64_t process);

}  // namespace bellhop::platform
