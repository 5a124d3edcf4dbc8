// Child processes with the identity of a user; used to implement platform/process/run_as_user.h.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>

#include "base/error.h"
#include "platform/accounts/user_account.h"

namespace bellhop::platform {

// The steps of a child, in order.
enum class ChildStage { descriptors, groups, group, user, program, done };

// What a child reports when it ends by itself.
struct ChildReport {
  ChildStage stage;  // the step that failed, or done
  int error;
};

// The write ends of a child's pipes; all are above 2.
struct ChildPipes {
  int report;
  int output = -1;  // for standard output and standard error; -1: those of the agent
};

// Runs in a child that has become the user. May only make system calls. The report pipe is fd 3
// then; no fd above is open.
using ChildWork = std::function<ChildReport()>;

using ChildDeadline = std::chrono::steady_clock::time_point;

// Returns as fork(2) does in the parent; does not return in the child.
pid_t fork_as_user(const UserAccount& user, const ChildPipes& pipes, const ChildWork& work);

// Waits until the pipe is readable or its other end is closed. Returns false at the deadline.
bool wait_for_pipe(int pipe, ChildDeadline deadline);

// Reads the report. Returns false when the other end was closed without one.
bool read_report(int pipe, ChildReport& report);

// Reaps a child. Blocks until it has ended.
void reap(pid_t child);

// Kills the child and reaps it. Waits at most 200 ms; a thread reaps a child that is stuck in the
// kernel for longer.
void kill_child(pid_t child, int report_pipe);

// Returns the error of a failed step of becoming the user; succeeds for `program` and `done`.
Result<void> check_report(const UserAccount& user, const ChildReport& report);

// The errors for a failed fork and for a child that was killed at the deadline.
std::unexpected<Error> fork_error(int error, const UserAccount& user);
std::unexpected<Error> timeout_error(const UserAccount& user, std::chrono::milliseconds limit);

}  // namespace bellhop::platform
