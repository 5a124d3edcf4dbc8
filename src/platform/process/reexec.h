// Putting another program in the place of this one, in the same process.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "platform/io/handle.h"

namespace bellhop::platform {

// A program to go on with.
struct ExecRequest {
  std::string path;
  std::vector<std::string> arguments;  // the program's name first
  std::string variable;                // "NAME=value", beside the environment of this process
  std::vector<int> descriptors;        // stay open; all others above 2 are closed
};

// Ends this program and runs another one, as the same process with the same children. Threads end;
// one that waits in the kernel and cannot be killed would be waited for. Signals that are held
// back stay so, and wait for the new program.
// Returns only when the program cannot be run: everything is then as it was before.
Error exec_in_place(const ExecRequest& image);

// Where the program of this process was found, as an absolute path: what is installed there later
// takes its place. `name` is how it was called, argv[0]. Links are kept where the name leads to the
// program that runs, because they may lead to another one later.
Result<std::string> executable_path(const std::string& name, const std::string& working_directory);

// The number of this process.
std::int64_t current_pid();

// A descriptor that an earlier program of this process has left open for this one. Its children do
// not get it. Empty when there is none with that number, or when it has been taken already.
Handle claim_inherited(int descriptor);

// Closes the descriptors above 2 that children would get and nobody has taken.
void close_inherited();

// While they are held back, signals wait; so do those of threads that are started meanwhile.
void block_signals(std::span<const int> signals);
void unblock_signals(std::span<const int> signals);

}  // namespace bellhop::platform
