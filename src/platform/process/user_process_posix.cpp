#include "platform/process/user_process_posix.h"

#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include "platform/io/close_from_posix.h"
#include "platform/io/io_posix.h"
#include "platform/process/drop_capabilities_posix.h"
#include "platform/process/signals_posix.h"
#include "platform/process/threads.h"

namespace bellhop::platform {
namespace {

using Clock = std::chrono::steady_clock;

// What the child needs, prepared before the fork.
struct Identity {
  uid_t user;
  gid_t group;
  std::vector<gid_t> groups;
  bool is_the_agents;  // nothing to change
};

Identity identity_of(const UserAccount& account) {
  const bool own = ::geteuid() != 0 && ::geteuid() == account.user_id;
  return {.user = account.user_id,
          .group = account.group_id,
          .groups = {account.groups.begin(), account.groups.end()},
          .is_the_agents = own};
}

ChildReport become(const Identity& identity) {
  const uid_t user = identity.user;
  const gid_t group = identity.group;
  if (::setgroups(identity.groups.size(), identity.groups.data()) != 0) {
    return {ChildStage::groups, errno};
  }
  if (::setresgid(group, group, group) != 0) return {ChildStage::group, errno};
  if (::setresuid(user, user, user) != 0) return {ChildStage::user, errno};
  if (user != 0 && !drop_capabilities()) return {ChildStage::user, errno};
  return {ChildStage::done, 0};
}

bool redirect_standard_streams(int output) {
  const int nothing = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (nothing < 0) return false;
  return ::dup2(output, 1) >= 0 && ::dup2(output, 2) >= 0 && ::dup2(nothing, 0) >= 0;
}

// Closes all fds but the standard streams and the report pipe: copies of other children's pipes
// would keep those pipes open and hide their end, and the user must not get the agent's files.
ChildReport close_others(const ChildPipes& pipes) {
  const bool redirected = pipes.output < 0 || redirect_standard_streams(pipes.output);
  if (!redirected || ::dup2(pipes.report, 3) < 0 || !close_from(4)) {
    return {ChildStage::descriptors, errno};
  }
  return {ChildStage::done, 0};
}

[[noreturn]] void run_child(const Identity& identity, const ChildPipes& pipes,
                            const ChildWork& work) {
  ChildReport report = close_others(pipes);
  const int reports_to = report.stage == ChildStage::done ? 3 : pipes.report;
  if (report.stage == ChildStage::done && !identity.is_the_agents) report = become(identity);
  if (report.stage == ChildStage::done) {
    ::umask(077);
    report = work();
  }
  [[maybe_unused]] const ssize_t written = ::write(reports_to, &report, sizeof report);
  ::_exit(0);
}

}  // namespace

// The agent's handlers must not run in the child: the child blocks all signals, and execve() resets
// the handlers.
pid_t fork_as_user(const UserAccount& user, const ChildPipes& pipes, const ChildWork& work) {
  const Identity identity = identity_of(user);
  const ScopedSignalBlock held;
  const pid_t child = ::fork();
  if (child == 0) run_child(identity, pipes, work);
  return child;
}

bool wait_for_pipe(int pipe, ChildDeadline deadline) {
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
    pollfd entry{.fd = pipe, .events = POLLIN, .revents = 0};
    const int timeout = static_cast<int>(std::clamp<std::int64_t>(left, 0, 3'600'000));
    const int ready = ::poll(&entry, 1, timeout);
    if (ready > 0) return true;
    if (ready == 0 && Clock::now() >= deadline) return false;
    if (ready < 0 && errno != EINTR) return false;
  }
}

bool read_report(int pipe, ChildReport& report) {
  const auto size = retry_on_eintr([&] { return ::read(pipe, &report, sizeof report); });
  return size == sizeof report;
}

void reap(pid_t child) {
  retry_on_eintr([&] { return ::waitpid(child, nullptr, 0); });
}

void kill_child(pid_t child, int report_pipe) {
  using namespace std::chrono_literals;
  ::kill(child, SIGKILL);
  if (wait_for_pipe(report_pipe, Clock::now() + 200ms)) {
    reap(child);
  } else {
    auto thread = start_thread("bellhop-reap", [child] { reap(child); });
    if (thread) thread->detach();
  }
}

Result<void> check_report(const UserAccount& user, const ChildReport& report) {
  switch (report.stage) {
    case ChildStage::descriptors:
      return system_failure(report.error, "failed to close files for user '{}'", user.name);
    case ChildStage::groups:
      return system_failure(report.error, "failed to set group for user '{}'", user.name);
    case ChildStage::group:
      return system_failure(report.error, "failed to set effective group ID for user '{}'",
                            user.name);
    case ChildStage::user:
      return system_failure(report.error, "failed to set effective user ID for user '{}'",
                            user.name);
    case ChildStage::program:
    case ChildStage::done:
      return {};
  }
  return {};
}

std::unexpected<Error> timeout_error(const UserAccount& user, std::chrono::milliseconds limit) {
  return failure("the process for user '{}' did not end within {} s and was killed", user.name,
                 std::chrono::duration<double>(limit).count());
}

std::unexpected<Error> fork_error(int error, const UserAccount& user) {
  return system_failure(error, "failed to start a process for user '{}'", user.name);
}

}  // namespace bellhop::platform
