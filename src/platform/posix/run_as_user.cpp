#include "platform/run_as_user.h"

#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <thread>
#include <utility>
#include <vector>

#include "platform/posix/close_from.h"
#include "platform/posix/give_up_capabilities.h"
#include "platform/posix/pipe.h"
#include "platform/quiet_threads.h"

namespace bellhop::platform {
namespace {

using Clock = std::chrono::steady_clock;

// How far the child got.
enum class Stage { descriptors, groups, group, user, done };

// What the child says when it ends by itself.
struct Report {
  Stage stage;  // what failed, or done
  int error;
};

// What the child needs, made beforehand.
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

Report become(const Identity& identity) {
  const uid_t user = identity.user;
  const gid_t group = identity.group;
  if (::setgroups(identity.groups.size(), identity.groups.data()) != 0) {
    return {Stage::groups, errno};
  }
  if (::setresgid(group, group, group) != 0) return {Stage::group, errno};
  if (::setresuid(user, user, user) != 0) return {Stage::user, errno};
  if (user != 0 && !give_up_capabilities()) return {Stage::user, errno};
  return {Stage::done, 0};
}

// Copies of other children's pipes, kept open here, would keep those children from being seen to
// end; the agent's own files are not the user's.
Report close_others(int report) {
  if (::dup2(report, 3) < 0 || !close_from(4)) return {Stage::descriptors, errno};
  return {Stage::done, 0};
}

[[noreturn]] void run_child(const Identity& identity, int pipe, const std::function<void()>& work) {
  Report report = close_others(pipe);
  const int reports_to = report.stage == Stage::done ? 3 : pipe;
  if (report.stage == Stage::done && !identity.is_the_agents) report = become(identity);
  if (report.stage == Stage::done) {
    ::umask(077);
    work();
  }
  [[maybe_unused]] const ssize_t written = ::write(reports_to, &report, sizeof report);
  ::_exit(0);
}

// No handler of the agent's may run in the child; it never unblocks the signals.
pid_t fork_child(const Identity& identity, int pipe, const std::function<void()>& work) {
  sigset_t all;
  sigset_t before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  const pid_t child = ::fork();
  if (child == 0) run_child(identity, pipe, work);
  const int error = errno;
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  errno = error;
  return child;
}

// Waits until the pipe has something to say or its other end is closed; false at the deadline.
bool wait_for(int pipe, Clock::time_point deadline) {
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

bool read_report(int pipe, Report& report) {
  ssize_t size;
  do {
    size = ::read(pipe, &report, sizeof report);
  } while (size < 0 && errno == EINTR);
  return size == sizeof report;
}

void reap(pid_t child) {
  while (::waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
  }
}

// Ends the child. One that is stuck in the kernel ends when the kernel lets it; nobody waits for
// that here.
void kill_child(pid_t child, int pipe) {
  using namespace std::chrono_literals;
  ::kill(child, SIGKILL);
  if (wait_for(pipe, Clock::now() + 200ms)) {
    reap(child);
  } else {
    start_quietly([child] { std::thread(reap, child).detach(); });
  }
}

Result<void> judge(const UserAccount& user, const Report& report) {
  switch (report.stage) {
    case Stage::descriptors:
      return system_failure(report.error, "failed to close files for user '{}'", user.name);
    case Stage::groups:
      return system_failure(report.error, "failed to set group for user '{}'", user.name);
    case Stage::group:
      return system_failure(report.error, "failed to set effective group ID for user '{}'",
                            user.name);
    case Stage::user:
      return system_failure(report.error, "failed to set effective user ID for user '{}'",
                            user.name);
    case Stage::done:
      return {};
  }
  return {};
}

}  // namespace

Result<void> run_as_user(const UserAccount& user, std::chrono::milliseconds limit,
                         const std::function<void()>& work) {
  auto pipe = make_pipe();
  if (!pipe) return std::unexpected(std::move(pipe).error());
  const auto deadline = Clock::now() + limit;
  const pid_t child = fork_child(identity_of(user), pipe->write.get(), work);
  if (child < 0) return system_failure(errno, "failed to start a process for user '{}'", user.name);
  pipe->write.reset();
  if (!wait_for(pipe->read.get(), deadline)) {
    kill_child(child, pipe->read.get());
    return failure("the process for user '{}' did not end within {} s and was killed", user.name,
                   std::chrono::duration<double>(limit).count());
  }
  Report report{};
  const bool reported = read_report(pipe->read.get(), report);
  ::kill(child, SIGKILL);  // it has nothing left to do, but the user may have stopped it
  reap(child);
  if (!reported) return failure("the process for user '{}' was killed", user.name);
  return judge(user, report);
}

}  // namespace bellhop::platform
