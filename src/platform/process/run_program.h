// SPDX-License-Identifier: Apache-2.0
// Runs a program and waits for its end.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>

#include "base/error.h"
#include "platform/process/process.h"

namespace bellhop::platform {

struct ProgramRun {
  enum class Outcome { ended, timed_out, cancelled };

  // The program was killed unless this is `ended`, with all processes that it had started (see
  // platform/process/process_tree.h). If a signal ended the program, they were killed too.
  Outcome outcome = Outcome::ended;
  ProcessEnd end;  // only set when the outcome is `ended`
  // Standard output and standard error in the order of writing, up to 64 KiB. Complete only when
  // the program failed or RunLimits::whole_output is set.
  std::string output;
};

// When to kill a program and stop waiting for it.
struct RunLimits {
  std::optional<std::chrono::milliseconds> time = {};  // none: no timeout
  std::stop_token stop = {};                           // cancels the run
  // Also wait for the complete output of a successful program, for at most `time` (200 ms without
  // it): another process may keep the output open.
  bool whole_output = false;
  // Called when a process that could not be killed closes the output of a killed program, after
  // run_program() has returned; possibly never. Runs on the private thread of Processes: must not
  // block.
  std::function<void()> on_late_close = {};
};

// Starts the program of `request` and blocks until it has ended or was killed. Ignores the output
// members of `request`. Does not wait for processes that a program leaves behind when it exits.
// Adds the variable BELLHOP_RUN to the program's environment, by which its processes are found.
// Fails only when the program cannot be started, with the errors of Processes::start().
Result<ProgramRun> run_program(Processes& processes, ProcessRequest request,
                               const RunLimits& limits = {});

}  // namespace bellhop::platform
