// Child processes with the identity of a user; used to implement platform/process/run_as_user.h.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <vector>

#include "base/error.h"
#include "platform/accounts/user_account.h"
#include "platform/io/handle.h"
#include "platform/process/child_posix.h"

namespace bellhop::platform {

// How far a child got.
enum class ChildStage { fork, descriptors, groups, group, user, program, timed_out, done };

// What a child reports, or why there is no report.
struct ChildReport {
  ChildStage stage;  // the step that failed, or done
  int error;
};

// What a child needs to become a user, made before the fork.
struct Identity {
  explicit Identity(const UserAccount& account);

  uid_t user;
  gid_t group;
  std::vector<gid_t> groups;
  bool is_the_agents;  // nothing to change
};

// In a child made by fork(2), not by vfork(2): becomes the user, with umask 077. Makes only system
// calls.
ChildReport become(const Identity& identity);

// Done by a child once it is the user; may only make system calls. Its pipe for the report is
// descriptor 3 then, and it has none above.
using ChildWork = std::function<ChildReport()>;

// As fork(2) does, in the agent only. The child reports to the pipe, which must be above 2.
pid_t fork_as_user(const UserAccount& user, const Handle& report, const ChildWork& work);

// The error that a report is about. None for `program` and `done`.
Result<void> check_report(const UserAccount& user, std::chrono::milliseconds limit,
                          const ChildReport& report);

}  // namespace bellhop::platform
