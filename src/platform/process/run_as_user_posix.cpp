#include <signal.h>

#include <cerrno>
#include <utility>

#include "platform/io/pipe_posix.h"
#include "platform/process/run_as_user.h"
#include "platform/process/user_process_posix.h"

namespace bellhop::platform {

Result<void> run_as_user(const UserAccount& user, std::chrono::milliseconds limit,
                         const std::function<void()>& work) {
  TRY_ASSIGN(auto pipe, make_pipe());
  const auto deadline = std::chrono::steady_clock::now() + limit;
  const pid_t child = fork_as_user(user, pipe.write, [&work] {
    work();
    return ChildReport{ChildStage::done, 0};
  });
  if (child < 0) return check_report(user, limit, {ChildStage::fork, errno});
  pipe.write.reset();
  if (!wait_readable(pipe.read, deadline)) {
    kill_child(child, pipe.read);
    return check_report(user, limit, {ChildStage::timed_out, 0});
  }
  const auto report = read_report<ChildReport>(pipe.read);
  ::kill(child, SIGKILL);  // it has nothing left to do, but the user may have stopped it
  reap(child);
  if (!report) return failure("the process for user '{}' was killed", user.name);
  return check_report(user, limit, *report);
}

}  // namespace bellhop::platform
