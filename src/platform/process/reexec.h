// Putting another program in the place of this one, in the same process.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "platform/io/handle.h"

namespace bellhop::platform {

// A program to go on with.
struct ExecRequest {
  std::string path;
  std::vector<std::string> arguments;     // the program's name first
  std::string variable;                   // "NAME=value", beside the environment of this process
  std::vector<NativeHandle> descriptors;  // stay open; all others above 2 are closed
};

// Ends this program and runs another one, as the same process with the same children. Threads end;
// one that waits in the kernel and cannot be killed would be waited for. Requests that
// LifecycleRequests holds stay pending for the new program.
// Returns only when the program cannot be run: everything is then as it was before.
Error exec_in_place(const ExecRequest& image);

// Where the program of this process was found, as an absolute path: what is installed there later
// takes its place. `name` is how it was called, argv[0]. Links are kept where the name leads to the
// program that runs, because they may lead to another one later.
Result<std::string> executable_path(const std::string& name, const std::string& working_directory);

// The resource that an earlier program of this process has left open for this one, by its
// handle_number(). Children do not get it. Empty when there is none with that number, or when it
// has been claimed already.
Handle claim_inherited(std::int64_t number);

// The same for the number in an environment variable, which is removed: children do not get it.
// nullopt without the variable. Call it before any thread starts.
std::optional<Handle> claim_inherited_variable(const char* name);

// Closes the descriptors above 2 that children would get and nobody has taken.
void close_inherited();

}  // namespace bellhop::platform
