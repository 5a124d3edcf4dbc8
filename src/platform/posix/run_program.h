// Runs one of the system's programs to its end.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "platform/process.h"

namespace bellhop::platform {

struct ProgramRun {
  ProcessEnd end;
  std::string output;  // standard output and standard error in the order of writing, up to 64 KiB
};

// Runs a program and waits for its end, however long that takes. `request` says what to run; its
// streams are not looked at. Processes that the program leaves behind are not waited for.
Result<ProgramRun> run_program(Processes& processes, ProcessRequest request);

// Where a program of the system's is: in /sbin, /usr/sbin, /bin or /usr/bin, else in a folder of
// PATH. An agent may run without PATH, or with one that lacks the folders of administration.
std::optional<std::string> find_program(std::string_view name);

}  // namespace bellhop::platform
