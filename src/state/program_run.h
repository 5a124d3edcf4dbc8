// Runs a program of the system's to its end, and tells in qemu-ga's words what went wrong.
#pragma once

#include <string_view>

#include "base/error.h"
#include "platform/process/process.h"
#include "platform/process/run_program.h"

namespace bellhop::state {

// What a program is run for, as messages tell it.
struct ProgramPurpose {
  std::string_view purpose;     // what it should have done: `set user password`
  std::string_view label = {};  // before what went wrong, when one of several has to be named
  std::string_view name = {};   // of what took too long; the program's path when empty
};

// Runs the program that `request` names. Fails when it cannot be started, ends with another status
// than 0 or by a signal, or is killed because of `limits`; then the error's `system` is timed_out
// or operation_canceled. The error carries what the program wrote to its output and errors, up to
// 64 KiB and its first zero byte. Processes that it leaves behind are not waited for.
Result<void> run_to_end(platform::Processes& processes, platform::ProcessRequest request,
                        const ProgramPurpose& purpose, const platform::RunLimits& limits);

}  // namespace bellhop::state
