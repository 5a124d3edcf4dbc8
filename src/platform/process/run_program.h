// Runs one of the system's programs to its end.
#pragma once

#include <chrono>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "base/error.h"
#include "platform/process/process.h"

namespace bellhop::platform {

struct ProgramRun {
  enum class Outcome { ended, timed_out, cancelled };

  // Unless it ended by itself, it was killed.
  Outcome outcome = Outcome::ended;
  ProcessEnd end;  // only set when it ended by itself
  // What it wrote to standard output and standard error in the order of writing, up to 64 KiB.
  // Whole only when it ended with an error, or when asked for.
  std::string output;
};

// When to stop waiting for a program and to kill it.
struct RunLimits {
  std::optional<std::chrono::milliseconds> time = {};  // none: it may take as long as it wants
  std::stop_token stop = {};                           // it is not wanted any more
  // Whether the output of a success is waited for, too, as long as nobody else keeps it open.
  bool whole_output = false;
};

// Runs a program and waits for its end. `request` says what to run; its output members are not
// looked at. Processes that the program leaves behind are not waited for. An error says why it
// cannot be started, as Processes::start() does.
Result<ProgramRun> run_program(Processes& processes, ProcessRequest request,
                               const RunLimits& limits = {});

// Where a program of the system's is: in /sbin, /usr/sbin, /bin or /usr/bin, else in a directory of
// PATH. An agent may run without PATH, or with one that lacks the directories of administration.
std::optional<std::string> find_program(std::string_view name);

}  // namespace bellhop::platform
