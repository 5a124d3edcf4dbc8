// SPDX-License-Identifier: Apache-2.0
// Runs work with the rights of a user, protected against anything that user does meanwhile.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "base/error.h"
#include "platform/accounts/user_account.h"

namespace bellhop::platform {

// Runs `work` in a child process that has only the uid, gid and supplementary groups of that user
// and cannot regain others. Requires root, except for the agent's own user.
//
// The child is forked from a process with several threads, so `work` may only make system calls: no
// allocation, no locks, no buffered I/O. It returns results in memory that it shares with the agent
// (platform/process/shared_memory_posix.h). The child is killed after `limit`: it may hang on a
// dead network filesystem, or on one that the user serves.
//
// Succeeds when `work` has returned. Errors: `failed to set group for user 'NAME': …` or another
// step of becoming the user; the child exceeded `limit`; another process killed it, which the user
// may do.
Result<void> run_as_user(const UserAccount& user, std::chrono::milliseconds limit,
                         const std::function<void()>& work);

// Runs a program in such a process and waits for its end. `path` is its full path. The program runs
// in the directory /, with no input, no open files but its output, and only PATH and LC_ALL in its
// environment. Killed after `limit`. A program that fills the output pipe blocks and is therefore
// killed too.
//
// Succeeds when the program ends with status 0. Errors: those of run_as_user(); `cannot run 'PATH':
// …`; `'PATH' ended with status 1: …` with the start of its output.
Result<void> run_program_as_user(const UserAccount& user, std::chrono::milliseconds limit,
                                 const std::string& path, std::vector<std::string> arguments);

}  // namespace bellhop::platform
