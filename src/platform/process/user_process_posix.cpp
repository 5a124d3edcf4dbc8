#include "platform/process/user_process_posix.h"

#include <grp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "platform/io/close_from_posix.h"
#include "platform/process/drop_capabilities_posix.h"
#include "platform/process/signals_posix.h"

namespace bellhop::platform {
namespace {

[[noreturn]] void run_child(const Identity& identity, int report_pipe, const ChildWork& work) {
  ChildReport report{ChildStage::descriptors, 0};
  // Copies of other children's pipes, kept open here, would keep those children from being seen to
  // end; the agent's own files are not the user's.
  if (::dup2(report_pipe, 3) < 0 || !close_from(4)) {
    report.error = errno;
  } else {
    report_pipe = 3;
    report = become(identity);
    if (report.stage == ChildStage::done) report = work();
  }
  write_report(report_pipe, report);
  ::_exit(0);
}

}  // namespace

Identity::Identity(const UserAccount& account)
    : user(account.user_id),
      group(account.group_id),
      groups(account.groups.begin(), account.groups.end()),
      is_the_agents(::geteuid() != 0 && ::geteuid() == account.user_id) {}

ChildReport become(const Identity& identity) {
  if (!identity.is_the_agents) {
    const uid_t user = identity.user;
    const gid_t group = identity.group;
    if (::setgroups(identity.groups.size(), identity.groups.data()) != 0) {
      return {ChildStage::groups, errno};
    }
    if (::setresgid(group, group, group) != 0) return {ChildStage::group, errno};
    if (::setresuid(user, user, user) != 0) return {ChildStage::user, errno};
    if (user != 0 && !drop_capabilities()) return {ChildStage::user, errno};
  }
  ::umask(077);
  return {ChildStage::done, 0};
}

// No handler of the agent's may run in the child: it takes no signals.
pid_t fork_as_user(const UserAccount& user, const Handle& report, const ChildWork& work) {
  const Identity identity(user);
  const ScopedSignalBlock held;
  const pid_t child = ::fork();
  if (child == 0) run_child(identity, report.get(), work);
  return child;
}

Result<void> check_report(const UserAccount& user, std::chrono::milliseconds limit,
                          const ChildReport& report) {
  switch (report.stage) {
    case ChildStage::fork:
      return system_failure(report.error, "failed to start a process for user '{}'", user.name);
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
    case ChildStage::timed_out:
      return failure("the process for user '{}' did not end within {} s and was killed", user.name,
                     std::chrono::duration<double>(limit).count());
    case ChildStage::program:
    case ChildStage::done:
      return {};
  }
  return {};
}

}  // namespace bellhop::platform
