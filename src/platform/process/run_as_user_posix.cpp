#include <signal.h>

#include <cerrno>
#include <utility>

#include "platform/io/pipe_posix.h"
#include "platform/process/run_as_user.h"
#include "platform/process/user_process_posix.h"

namespace bellhop::platform {

Result<void> run_as_user(const UserAccount& user, std::chrono::milliseconds limit,
                         const std::function<void()>& work) {
  auto pipe = make_pipe();
  if (!pipe) return std::unexpected(std::move(pipe).error());
  const auto deadline = std::chrono::steady_clock::now() + limit;
  const pid_t child = fork_as_user(user, {.report = pipe->write.get()}, [&work] {
    work();
    return ChildReport{ChildStage::done, 0};
  });
  if (child < 0) return fork_error(errno, user);
  pipe->write.reset();
  if (!wait_for_pipe(pipe->read.get(), deadline)) {
    kill_child(child, pipe->read.get());
    return timeout_error(user, limit);
  }
  ChildReport report{};
  const bool reported = read_report(pipe->read.get(), report);
  ::kill(child, SIGKILL);  // it has nothing left to do, but the user may have stopped it
  reap(child);
  if (!reported) return failure("the process for user '{}' was killed", user.name);
  return check_report(user, report);
}

}  // namespace bellhop::platform
