// Runs a program of the system's to its end, with a limit of time.
#pragma once

#include <chrono>
#include <string_view>

#include "base/error.h"
#include "platform/process.h"

namespace bellhop::state {

// Runs the program that `request` names. Fails, in qemu-ga's words, when it cannot be started, ends
// with another status than 0 or by a signal, or is killed because it ran longer than `limit`;
// `purpose` says what it should have done: `set user password`. The error carries what the program
// wrote to its output and errors, up to 64 KiB. Processes that it leaves behind are not waited for.
// The output members of `request` are not looked at.
Result<void> run_to_end(platform::Processes& processes, platform::ProcessRequest request,
                        std::string_view purpose, std::chrono::milliseconds limit);

}  // namespace bellhop::state
