// Processes of the operating system.
#pragma once

#include <cstdint>

namespace bellhop::platform {

// A pid, as the operating system and the wire have it.
using ProcessId = std::int64_t;

// The pid of this process.
ProcessId current_pid();

}  // namespace bellhop::platform
