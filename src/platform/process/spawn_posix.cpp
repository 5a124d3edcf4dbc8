#include "platform/process/spawn_posix.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "platform/io/close_from_posix.h"
#include "platform/io/io_posix.h"
#include "platform/io/pipe_posix.h"
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
  SpawnSetup setup;
  int report;  // the child writes an errno value there when it fails
};

char* writable(const std::string& text) {
  return const_cast<char*>(text.c_str());  // execve's argument type; it writes nothing
}

std::string search_path(const ProcessRequest& request) {
  if (request.environment) {
    for (const std::string& variable : *request.environment) {
      if (variable.starts_with("PATH=")) return variable.substr(5);
    }
  }
  const char* path = std::getenv("PATH");
  return path ? path : "/bin:/usr/bin:.";
}

Plan make_plan(const ProcessRequest& request, const SpawnSetup& setup, int report) {
  Plan plan{.files = program_candidates(request.path, search_path(request)),
            .arguments = {writable(request.path)},
            .shell_command = {const_cast<char*>(shell), nullptr},
            .environment = {},
            .setup = setup,
            .report = report};
  for (const std::string& argument : request.arguments) {
    plan.arguments.push_back(writable(argument));
    plan.shell_command.push_back(writable(argument));
  }
  plan.arguments.push_back(nullptr);
  plan.shell_command.push_back(nullptr);
  if (request.environment) {
    for (const std::string& variable : *request.environment) {
      plan.environment.push_back(writable(variable));
    }
    plan.environment.push_back(nullptr);
  }
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

// Sets up the child's fds: 0, 1, 2 and, until execve(), 3 for the report. Closes all others before
// execve(), which a slow disk can delay: a copy of another child's pipe would keep that pipe open
// meanwhile and hide its end.
bool arrange_descriptors(const Plan& plan) {
  return ::dup2(plan.setup.in, 0) >= 0 && ::dup2(plan.setup.out, 1) >= 0 &&
         ::dup2(plan.setup.err, 2) >= 0 && ::dup2(plan.report, 3) >= 0 &&
         ::fcntl(3, F_SETFD, FD_CLOEXEC) == 0 && close_from(4);
}

[[noreturn]] void run_child(Plan& plan) {
  int error = 0;
  int report = plan.report;
  if (!arrange_descriptors(plan)) {
    error = errno;
  } else {
    report = 3;
    ::setrlimit(RLIMIT_NOFILE, &plan.setup.descriptors);
    reset_child_signals();
    error = execute_first(plan);
  }
  [[maybe_unused]] const ssize_t written = ::write(report, &error, sizeof error);
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

// The errno value that the child reports, 0 when its program runs.
int read_report(int descriptor) {
  int error = 0;
  const auto size = retry_on_eintr([&] { return ::read(descriptor, &error, sizeof error); });
  return size == sizeof error ? error : 0;
}

std::unexpected<Error> not_started(int error_number, std::string_view what) {
  const std::error_code system(error_number, std::generic_category());
  return std::unexpected(
      Error{ErrorCode::failed, fmt::format("Failed to {} ({})", what, system.message()), system});
}

}  // namespace

void undo_ignored_sigchld() {
  struct sigaction action = {};
  if (::sigaction(SIGCHLD, nullptr, &action) == 0 && action.sa_handler == SIG_IGN) {
    ::signal(SIGCHLD, SIG_DFL);
  }
}

Result<pid_t> spawn(const ProcessRequest& request, const SpawnSetup& setup) {
  auto report = make_pipe();
  if (!report) return std::unexpected(std::move(report).error());
  Plan plan = make_plan(request, setup, report->write.get());
  const pid_t child = fork_child(plan);
  if (child < 0) return not_started(errno, "fork child process");
  report->write.reset();
  const int error = read_report(report->read.get());
  if (error == 0) return child;
  retry_on_eintr([&] { return ::waitpid(child, nullptr, 0); });
  return not_started(error, fmt::format("execute child process “{}”", request.path));
}

}  // namespace bellhop::platform
