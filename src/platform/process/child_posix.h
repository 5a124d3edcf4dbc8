// SPDX-License-Identifier: Apache-2.0
// A child process: how it starts, the report that it sends to the agent through a pipe, and its
// end.
#pragma once

#include <limits.h>
#include <sys/types.h>
#include <unistd.h>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "platform/io/handle.h"
#include "platform/io/io_posix.h"
#include "platform/process/process.h"

namespace bellhop::platform {

using ChildDeadline = std::chrono::steady_clock::time_point;

// The fds of a child, all above 2 at first.
struct ChildDescriptors {
  int in;
  int out;
  int err;
  int report;
  int program = -1;  // a program to execute; -1: none
};

// The child's fd of ChildDescriptors::program.
inline constexpr int program_descriptor = 4;

// In the child: `in`, `out` and `err` become its fds 0, 1 and 2, `report` its close-on-exec fd 3,
// and `program` its program_descriptor. Closes all others: a copy of another child's pipe would
// hide the end of that child, and the agent's files are not the child's. Returns false with errno
// set on failure. Makes only system calls: safe after vfork().
bool arrange_descriptors(ChildDescriptors& descriptors);

// Closes fd `first` and all above it. Makes only system calls: safe after vfork(). Returns false,
// with errno set, when some may still be open.
bool close_from(int first);

// Drops every capability of the calling process and prevents other processes from tracing it.
// Called by a child that has just become another user: a process that was not root, but had the
// capabilities to change its user, still has them. Makes only system calls: safe after fork().
// Returns false, with errno set, when it may still have any.
bool drop_capabilities();

// The path that executes the file of an open descriptor, whatever that file's own path is. If the
// file is a script, its interpreter opens the path too: the descriptor must stay open then.
std::string descriptor_path(int descriptor);

// The argument list or environment for execve(2), which writes nothing. Refers to the strings.
std::vector<char*> exec_strings(const std::vector<std::string>& strings);

// In the child: sends its report. Makes only system calls.
template <class Report>
void write_report(int pipe, const Report& report) {
  static_assert(sizeof report <= PIPE_BUF, "written with one call");
  [[maybe_unused]] const ssize_t written = ::write(pipe, &report, sizeof report);
}

// Waits for the report. Nothing when the other end is closed without one: the child has ended or
// has executed a program.
template <class Report>
std::optional<Report> read_report(const Handle& pipe) {
  Report report{};
  const auto size = retry_on_eintr([&] { return ::read(pipe.get(), &report, sizeof report); });
  return size == sizeof report ? std::optional(report) : std::nullopt;
}

// Waits until the descriptor can be read or its other end is closed; false at the deadline.
bool wait_readable(const Handle& descriptor, ChildDeadline deadline);

// A descriptor that becomes readable or hung up, for poll and epoll, when `child` has ended. The
// caller reaps it then. Where the kernel has no pidfd_open(2) (Linux before 5.3) a thread waits for
// the child.
Result<Handle> exit_descriptor(pid_t child);
// The second way, which exit_descriptor() and tests use.
Result<Handle> exit_descriptor_by_thread(pid_t child);

// Undoes an inherited SIG_IGN for SIGCHLD, with which the kernel would reap children itself and
// discard their exit statuses.
void undo_ignored_sigchld();

// Waits for the end of a child, which frees its pid.
ProcessEnd reap(pid_t child);

// Kills a child and reaps it. `end` becomes readable when it ends. Without it, and for a child that
// is stuck in the kernel, a thread reaps the child when it ends.
void kill_child(pid_t child, const Handle& end);

}  // namespace bellhop::platform
