// A child process that is a user and nothing else, for what platform/process/run_as_user.h
// promises.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>

#include "base/error.h"
#include "platform/accounts/user_account.h"

namespace bellhop::platform {

// How far a child got.
enum class ChildStage { descriptors, groups, group, user, program, done };

// What a child says when it ends by itself.
struct ChildReport {
  ChildStage stage;  // what failed, or done
  int error;
};

// Where a child's words go: pipes, whose ends are above 2.
struct ChildPipes {
  int report;
  int output = -1;  // for standard output and standard error; none: they stay the agent's
};

// Done by a child once it is the user; may only make system calls. Its pipe for the report is
// descriptor 3 then, and it has none above.
using ChildWork = std::function<ChildReport()>;

using ChildDeadline = std::chrono::steady_clock::time_point;

// As fork(2) does, in the agent only.
pid_t fork_as_user(const UserAccount& user, const ChildPipes& pipes, const ChildWork& work);

// Waits until the pipe has something to say or its other end is closed; false at the deadline.
bool wait_for_pipe(int pipe, ChildDeadline deadline);

// Reads the report; false when the other end was closed without one.
bool read_report(int pipe, ChildReport& report);

// Waits for the end of a child that ends.
void reap(pid_t child);

// Ends the child. One that is stuck in the kernel ends when the kernel lets it; nobody waits for
// that here.
void kill_child(pid_t child, int report_pipe);

// The error that a report tells of, if it does of one of becoming the user.
Result<void> check_report(const UserAccount& user, const ChildReport& report);

// That there is no child, and that it was killed at the deadline.
std::unexpected<Error> fork_error(int error, const UserAccount& user);
std::unexpected<Error> timeout_error(const UserAccount& user, std::chrono::milliseconds limit);

}  // namespace bellhop::platform
