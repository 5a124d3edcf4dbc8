// The administrator's freeze hook: a program that readies applications for a freeze.
#pragma once

#include <chrono>
#include <string>

#include "platform/process.h"
#include "state/freeze.h"

namespace bellhop::state {

// Runs the program at `path` with one argument, "freeze" or "thaw", and /dev/null as its input.
// It fails when it cannot be started, ends with another status than 0 or by a signal, or is killed
// because it ran longer than `limit`. The error carries what the program wrote, up to 64 KiB.
// Processes that the program leaves behind are not waited for.
FreezeHook program_hook(platform::Processes& processes, std::string path,
                        std::chrono::milliseconds limit);

}  // namespace bellhop::state
