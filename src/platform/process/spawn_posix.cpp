// SPDX-License-Identifier: Apache-2.0
#include "platform/process/spawn_posix.h"

#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "platform/io/pipe_posix.h"
#include "platform/process/child_posix.h"
#include "platform/process/find_executable.h"
#include "platform/process/signals_posix.h"

extern char** environ;  // NOLINT(readability-redundant-declaration): POSIX has it in no header

namespace bellhop::platform {
namespace {

constexpr const char* shell = "/bin/sh";

// Everything that the child needs, prepared before vfork(): after it, the child may only make
// system calls.
struct Plan {
  std::vector<std::string> files;    // to try, in order
  std::vector<char*> arguments;      // argv, ends with null
  std::vector<char*> shell_command;  // argv for a file without an interpreter; [1] is the file
  std::vector<char*> environment;    // empty: the agent's own
  ChildDescriptors descriptors;      // the child writes an errno value to `report` when it fails
  rlimit descriptor_limit;
};

std::string search_path(const ProcessRequest& request) {
  if (request.environment) {
    for (const std::string& variable : *request.environment) {
      if (variable.starts_with("PATH=")) return variable.substr(5);
    }
  }
  const char* path = std::getenv("PATH");
  return path ? path : "/bin:/usr/bin:.";
}

Plan make_plan(const ProcessRequest& request, const ChildDescriptors& descriptors,
               const rlimit& descriptor_limit) {
  std::vector<std::string> files = request.program
                                       ? std::vector{descriptor_path(program_descriptor)}
                                       : program_candidates(request.path, search_path(request));
  Plan plan{.files = std::move(files),
            .arguments = exec_strings(request.arguments),
            .shell_command = {const_cast<char*>(shell)},
            .environment = {},
            .descriptors = descriptors,
            .descriptor_limit = descriptor_limit};
  plan.arguments.insert(plan.arguments.begin(), const_cast<char*>(request.path.c_str()));
  plan.shell_command.insert(plan.shell_command.end(), plan.arguments.begin(), plan.arguments.end());
  if (request.environment) plan.environment = exec_strings(*request.environment);
  return plan;
}

// Returns the errno value of the failure.
int execute(Plan& plan, const char* file, char** environment) {
  ::execve(file, plan.arguments.data(), environment);
  if (errno != ENOEXEC) return errno;
  plan.shell_command[1] = const_cast<char*>(file);
  ::execve(shell, plan.shell_command.data(), environment);
  return errno;
}

// Tries the candidates in order and skips those that are missing or lack execute permission. When
// none is left, the error is EACCES if one of them lacked permission.
int execute_first(Plan& plan) {
  char** environment = plan.environment.empty() ? environ : plan.environment.data();
  bool denied = false;
  int error = ENOENT;
  for (const std::string& file : plan.files) {
    error = execute(plan, file.c_str(), environment);
    switch (error) {
      case EACCES:
        denied = true;
        break;
      case ENOENT:
      case ENOTDIR:
      case ENODEV:
      case ESTALE:
      case ETIMEDOUT:
        break;
      default:
        return error;
    }
  }
  return denied ? EACCES : error;
}

// The agent's fds are closed before execve(), which a slow disk can delay.
[[noreturn]] void run_child(Plan& plan) {
  int error = 0;
  ::setsid();  // does not fail: a new process leads no group
  if (!arrange_descriptors(plan.descriptors)) {
    error = errno;
  } else {
    ::setrlimit(RLIMIT_NOFILE, &plan.descriptor_limit);
    reset_child_signals();
    error = execute_first(plan);
  }
  write_report(plan.descriptors.report, error);
  ::_exit(127);
}

// vfork() shares the memory instead of copying its page tables, and suspends only the calling
// thread. Signals are blocked meanwhile: a handler in the child would run in the agent's memory.
pid_t fork_child(Plan& plan) {
  const ScopedSignalBlock held;
  // NOLINTBEGIN: posix_spawn neither reports what failed nor accepts a search path. All calls of
  // the child are safe after vfork; see run_child().
  const pid_t child = ::vfork();
  if (child == 0) run_child(plan);
  // NOLINTEND
  return child;
}

std::unexpected<Error> not_started(int reason, const std::string& what) {
  const std::error_code system(reason, std::generic_category());
  return std::unexpected(
      Error{ErrorCode::failed, fmt::format("Failed to {} ({})", what, system.message()), system});
}

}  // namespace

Result<pid_t> spawn(const ProcessRequest& request, ChildDescriptors descriptors,
                    const rlimit& descriptor_limit) {
  TRY_ASSIGN(auto report, make_pipe());
  descriptors.report = report.write.get();
  descriptors.program = request.program.value_or(no_handle);
  Plan plan = make_plan(request, descriptors, descriptor_limit);
  const pid_t child = fork_child(plan);
  if (child < 0) return not_started(errno, "fork child process");
  report.write.reset();
  const auto failed = read_report<int>(report.read);
  if (!failed) return child;
  reap(child);
  return not_started(*failed, fmt::format("execute child process “{}”", request.path));
}

}  // namespace bellhop::platform
