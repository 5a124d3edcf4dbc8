// SPDX-License-Identifier: Apache-2.0
// Runs a program until it ends, and reports errors in qemu-ga's wording.
#pragma once

#include <string_view>

#include "base/error.h"
#include "platform/process/process.h"
#include "platform/process/run_program.h"

namespace bellhop::state {

// Why a program runs; used in messages.
struct ProgramPurpose {
  std::string_view purpose;     // what it should do: `set user password`
  std::string_view label = {};  // precedes the reason; names one of several programs
  std::string_view name = {};   // in messages about a kill; the program's path when empty
};

// Runs the program that `request` names. Fails if it cannot be started, ends with a status other
// than 0 or by a signal, or is killed because of `limits`; the last two are was_killed(). The error
// contains what the program wrote to its standard output and error, up to 64 KiB and up to the
// first zero byte. Processes that a program leaves running when it exits are not waited for.
Result<void> run_to_end(platform::Processes& processes, platform::ProcessRequest request,
                        const ProgramPurpose& purpose, const platform::RunLimits& limits);

// Whether the error of run_to_end() means that the program was killed and could not clean up.
bool was_killed(const Error& error);

// The error of a program that is not run because of `why`; a `system` there is the reason of its
// execve(2).
std::unexpected<Error> cannot_run(const ProgramPurpose& purpose, std::string_view path,
                                  const Error& why);

}  // namespace bellhop::state
