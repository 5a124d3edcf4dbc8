// SPDX-License-Identifier: Apache-2.0
// Exec in place: replaces the running program in the same process.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "platform/io/handle.h"
#include "platform/process/program_file.h"

namespace bellhop::platform {

// The program to execute.
struct ExecRequest {
  const ProgramFile& program;
  std::vector<std::string> arguments;     // the program's name first
  std::string variable;                   // "NAME=value", added to the environment
  std::vector<NativeHandle> descriptors;  // stay open; all others above 2 are closed
};

// Replaces the running program by another one. The process keeps its pid and its children. All
// other threads end; the call waits for a thread that is in the kernel and cannot be killed.
// Requests that LifecycleRequests holds stay pending for the new program. Returns only when the
// program cannot be run, or its file was changed since it was opened; nothing has changed then.
//
// The new program inherits the descriptor of `program` and should close it: a script's interpreter
// needs it. It should also call name_process().
Error exec_in_place(const ExecRequest& image);

// Names the process after the file of a program, for ps(1) and pgrep(1). exec_in_place() executes a
// descriptor, and the kernel names the process after the descriptor's number.
void name_process(const std::string& program);

// The absolute path of the running program: a live upgrade executes the program that is installed
// there by then. `name` is argv[0]. Symbolic links are kept if the name leads to the running
// program, because they may lead to another one later.
Result<std::string> executable_path(const std::string& name, const std::string& working_directory);

// Claims the resource that an earlier program of this process left open for this one, by its
// handle_number(). Children do not inherit it. Empty when no resource has that number, or when it
// has already been claimed.
Handle claim_inherited(std::int64_t number);

// Does the same for the number in an environment variable, and removes the variable so that
// children do not get it. nullopt when the variable is not set. Call it before any thread starts.
std::optional<Handle> claim_inherited_variable(const char* name);

// Closes the fds above 2 that children would inherit and that have not been claimed.
void close_inherited();

}  // namespace bellhop::platform
