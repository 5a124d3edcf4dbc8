// Does work with the rights of a user, whatever that user does meanwhile.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "base/error.h"
#include "platform/accounts/user_account.h"

namespace bellhop::platform {

// Runs `work` in a child process that is that user and nothing else: its user and group numbers
// and its groups, with no way back. The agent's own user needs no rights to do so; any other needs
// root's.
//
// The child is forked from a process with several threads, so `work` may only make system calls:
// no memory, no locks, nothing buffered. It leaves what it finds in memory that it shares with the
// agent (platform/process/shared_memory_posix.h). A child that has not ended within `limit` (on a
// dead network filesystem, or on one that the user answers for) is killed.
//
// Succeeds when `work` has returned. Errors: `failed to set group for user 'NAME': …` and the
// like; that the child did not end in time, or was killed by somebody else, as the user may do.
Result<void> run_as_user(const UserAccount& user, std::chrono::milliseconds limit,
                         const std::function<void()>& work);

// Runs a program to its end in such a process, by its full path: in the directory /, with no input,
// no files but its output, and an environment that has PATH and LC_ALL only. One that has not ended
// within `limit` is killed, and so does not get to the end one that writes more than a pipe holds.
//
// Succeeds when the program ends with status 0. Errors: those of run_as_user(); `cannot run
// 'PATH': …`; `'PATH' ended with status 1: …` with the beginning of what it wrote.
Result<void> run_program_as_user(const UserAccount& user, std::chrono::milliseconds limit,
                                 const std::string& path, std::vector<std::string> arguments);

}  // namespace bellhop::platform
