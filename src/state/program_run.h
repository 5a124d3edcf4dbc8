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
// than 0 or by a signal, or is killed because of `limits`; in the last case the error's `system` is
// timed_out or operation_canceled. The error contains what the program wrote to its standard output
// and error, up to 64 KiB and up to the first zero byte. Processes that it leaves running are not
// waited for.
Result<void> run_to_end(platform::Processes& processes, platform::ProcessRequest request,
                        const ProgramPurpose& purpose, const platform::RunLimits& limits);

}  // namespace bellhop::state
