// SPDX-License-Identifier: Apache-2.0
#include <grp.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/text.h"
#include "platform/io/pipe_posix.h"
#include "platform/process/child_posix.h"
#include "platform/process/run_as_user.h"
#include "platform/process/signals_posix.h"

namespace bellhop::platform {
namespace {

// What a child does, in this order.
enum class Step { descriptors, groups, group, user, program, done };

// What a child reports: the step that failed, or done. No report: it has executed a program, or was
// killed.
struct Report {
  Step step;
  int error;
};

// What a child needs to become a user, made before the fork.
struct Identity {
  explicit Identity(const UserAccount& account)
      : user(account.user_id),
        group(account.group_id),
        groups(account.groups.begin(), account.groups.end()),
        is_the_agents(::geteuid() != 0 && ::geteuid() == account.user_id) {}

  uid_t user;
  gid_t group;
  std::vector<gid_t> groups;
  bool is_the_agents;  // nothing to change
};

// In the child. Makes only system calls.
Report become(const Identity& identity) {
  if (!identity.is_the_agents) {
    const uid_t user = identity.user;
    const gid_t group = identity.group;
    if (::setgroups(identity.groups.size(), identity.groups.data()) != 0) {
      return {Step::groups, errno};
    }
    if (::setresgid(group, group, group) != 0) return {Step::group, errno};
    if (::setresuid(user, user, user) != 0) return {Step::user, errno};
    if (user != 0 && !drop_capabilities()) return {Step::user, errno};
  }
  ::umask(077);
  return {Step::done, 0};
}

// Done by a child once it is the user; may only make system calls.
using Work = std::function<Report()>;

[[noreturn]] void run_child(const Identity& identity, ChildDescriptors descriptors,
                            const Work& work) {
  Report report{Step::descriptors, 0};
  ::setsid();  // a signal to the group of a program does not reach the agent
  if (!arrange_descriptors(descriptors)) {
    report.error = errno;
  } else {
    report = become(identity);
    if (report.step == Step::done) report = work();
  }
  write_report(descriptors.report, report);
  ::_exit(0);
}

// fork(), not vfork(): the C library's setresuid() changes all threads that it has registered,
// which in shared memory are the agent's. No handler of the agent's may run in the child: it takes
// no signals.
pid_t fork_child(const Identity& identity, const ChildDescriptors& descriptors, const Work& work) {
  const ScopedSignalBlock held;
  const pid_t child = ::fork();
  if (child == 0) run_child(identity, descriptors, work);
  return child;
}

Result<ProcessEnd> check_report(const UserAccount& user, const std::string& program,
                                const Report& report) {
  switch (report.step) {
    case Step::descriptors:
      return system_failure(report.error, "failed to close files for user '{}'", user.name);
    case Step::groups:
      return system_failure(report.error, "failed to set group for user '{}'", user.name);
    case Step::group:
      return system_failure(report.error, "failed to set effective group ID for user '{}'",
                            user.name);
    case Step::user:
      return system_failure(report.error, "failed to set effective user ID for user '{}'",
                            user.name);
    case Step::program:
      return system_failure(report.error, "cannot run '{}'", program);
    case Step::done:
      break;
  }
  return ProcessEnd{.exit_code = 0};
}

// Runs `work` in a child and waits for its end. `work` returns, or executes `program`, whose output
// goes to `output`.
Result<ProcessEnd> run(const UserAccount& user, std::chrono::milliseconds limit,
                       const std::string& program, const Handle& output, const Work& work) {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  const auto timed_out = [&](pid_t child, const Handle& end) {
    kill_child(child, end);
    return failure("the process for user '{}' did not end within {} s and was killed", user.name,
                   std::chrono::duration<double>(limit).count());
  };
  TRY_ASSIGN(const auto null, open_null(O_RDWR));
  TRY_ASSIGN(auto pipe, make_pipe());
  const int out = output ? output.get() : null.get();
  undo_ignored_sigchld();
  const pid_t child = fork_child(
      Identity(user), {.in = null.get(), .out = out, .err = out, .report = pipe.write.get()}, work);
  if (child < 0) {
    return system_failure(errno, "failed to start a process for user '{}'", user.name);
  }
  pipe.write.reset();
  if (!wait_readable(pipe.read, deadline)) return timed_out(child, pipe.read);
  if (const auto report = read_report<Report>(pipe.read)) {
    ::kill(child, SIGKILL);  // it has nothing left to do, but the user may have stopped it
    reap(child);
    return check_report(user, program, *report);
  }
  const auto end = exit_descriptor(child);
  if (!end) {
    kill_child(child, {});
    return std::unexpected(end.error());
  }
  if (!wait_readable(*end, deadline)) return timed_out(child, *end);
  return reap(child);
}

// The start of the available output, in one line.
std::string read_output(const Handle& pipe) {
  char buffer[1024];
  if (!wait_readable(pipe, {})) return {};
  const ssize_t size = ::read(pipe.get(), buffer, sizeof buffer);
  const std::string_view text(buffer, static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
  std::string line(text::trim_end(text, "\n"));
  std::ranges::replace(line, '\n', ' ');
  return line;
}

}  // namespace

Result<void> run_as_user(const UserAccount& user, std::chrono::milliseconds limit,
                         const std::function<void()>& work) {
  TRY_ASSIGN(const auto end, run(user, limit, {}, {}, [&work] {
               work();
               return Report{Step::done, 0};
             }));
  if (!end.exit_code) return failure("the process for user '{}' was killed", user.name);
  return {};
}

Result<void> run_program_as_user(const UserAccount& user, std::chrono::milliseconds limit,
                                 const std::string& path, std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), path);
  const auto argument_list = exec_strings(arguments);
  const std::vector<std::string> variables{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C"};
  const auto environment = exec_strings(variables);
  TRY_ASSIGN(const auto output, make_pipe());
  TRY_ASSIGN(const auto end, run(user, limit, path, output.write, [&] {
               if (::chdir("/") == 0) {
                 reset_child_signals();
                 ::execve(path.c_str(), argument_list.data(), environment.data());
               }
               return Report{Step::program, errno};
             }));
  if (end.exit_code == 0) return {};
  if (!end.exit_code) return failure("'{}' was ended by signal {}", path, end.signal.value_or(0));
  const std::string said = read_output(output.read);
  return failure("'{}' ended with status {}{}{}", path, *end.exit_code, said.empty() ? "" : ": ",
                 said);
}

}  // namespace bellhop::platform
