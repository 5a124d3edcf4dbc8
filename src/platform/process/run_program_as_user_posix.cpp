#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "platform/io/io_posix.h"
#include "platform/io/pipe_posix.h"
#include "platform/process/run_as_user.h"
#include "platform/process/signals_posix.h"
#include "platform/process/spawn_posix.h"
#include "platform/process/threads.h"
#include "platform/process/user_process_posix.h"

namespace bellhop::platform {
namespace {

// The arguments of execve(2), prepared before the fork.
class ProgramCall {
 public:
  ProgramCall(std::string path, std::vector<std::string> arguments) : words_(std::move(arguments)) {
    words_.insert(words_.begin(), std::move(path));
    for (std::string& word : words_) pointers_.push_back(word.data());
    pointers_.push_back(nullptr);
  }

  // Runs in the child. Returns only when the program cannot be started.
  ChildReport operator()() const {
    // Writable because of execve()'s parameter type; it does not write.
    char path[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
    char language[] = "LC_ALL=C";
    char* const environment[] = {path, language, nullptr};
    if (::chdir("/") == 0 && ::fcntl(3, F_SETFD, FD_CLOEXEC) == 0) {
      reset_child_signals();
      ::execve(pointers_[0], pointers_.data(), environment);
    }
    return {ChildStage::program, errno};
  }

 private:
  std::vector<std::string> words_;
  std::vector<char*> pointers_;
};

// Waits for a child in a separate thread and reaps it there.
class ChildEnd {
 public:
  explicit ChildEnd(pid_t child) : child_(child), shared_(std::make_shared<Shared>()) {
    auto thread =
        start_thread("bellhop-reap", [child = child_, shared = shared_] { watch(child, *shared); });
    if (thread) thread->detach();
  }

  // Returns how the child ended. At the deadline, kills it and returns nullopt.
  std::optional<siginfo_t> wait(ChildDeadline deadline) {
    std::unique_lock lock(shared_->mutex);
    const bool in_time =
        shared_->ended.wait_until(lock, deadline, [this] { return shared_->end.has_value(); });
    if (in_time) return shared_->end;
    ::kill(child_, SIGKILL);
    return std::nullopt;
  }

 private:
  struct Shared {
    std::mutex mutex;
    std::condition_variable ended;
    std::optional<siginfo_t> end;
  };

  static void watch(pid_t child, Shared& shared) {
    siginfo_t info{};
    const auto id = static_cast<id_t>(child);
    retry_on_eintr([&] { return ::waitid(P_PID, id, &info, WEXITED | WNOWAIT); });
    // Reaped under the lock: the kill() in wait() relies on the pid not being reused before that.
    const std::lock_guard lock(shared.mutex);
    reap(child);
    shared.end = info;
    shared.ended.notify_all();
  }

  pid_t child_;
  std::shared_ptr<Shared> shared_;
};

// The start of the available output, in one line.
std::string read_output(const Handle& pipe) {
  char buffer[1024];
  pollfd entry{.fd = pipe.get(), .events = POLLIN, .revents = 0};
  if (::poll(&entry, 1, 0) <= 0) return {};
  const ssize_t size = ::read(pipe.get(), buffer, sizeof buffer);
  std::string output(buffer, static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
  while (output.ends_with('\n')) output.pop_back();
  std::ranges::replace(output, '\n', ' ');
  return output;
}

Result<void> check_exit(const std::string& path, const siginfo_t& end, const Handle& output) {
  if (end.si_code == CLD_EXITED && end.si_status == 0) return {};
  if (end.si_code != CLD_EXITED) return failure("'{}' was ended by signal {}", path, end.si_status);
  const std::string said = read_output(output);
  return failure("'{}' ended with status {}{}{}", path, end.si_status, said.empty() ? "" : ": ",
                 said);
}

}  // namespace

Result<void> run_program_as_user(const UserAccount& user, std::chrono::milliseconds limit,
                                 const std::string& path, std::vector<std::string> arguments) {
  auto pipe = make_pipe();
  if (!pipe) return std::unexpected(std::move(pipe).error());
  auto output = make_pipe();
  if (!output) return std::unexpected(std::move(output).error());
  const ProgramCall call(path, std::move(arguments));
  undo_ignored_sigchld();
  const auto deadline = std::chrono::steady_clock::now() + limit;
  const pid_t child =
      fork_as_user(user, {.report = pipe->write.get(), .output = output->write.get()},
                   [&call] { return call(); });
  if (child < 0) return fork_error(errno, user);
  pipe->write.reset();
  output->write.reset();
  if (!wait_for_pipe(pipe->read.get(), deadline)) {
    kill_child(child, pipe->read.get());
    return timeout_error(user, limit);
  }
  ChildReport report{};
  const bool failed = read_report(pipe->read.get(), report);
  const auto end = ChildEnd(child).wait(deadline);  // execve() closed its end of the pipe
  if (failed && report.stage == ChildStage::program) {
    return system_failure(report.error, "cannot run '{}'", path);
  }
  if (failed) return check_report(user, report);
  if (!end) return timeout_error(user, limit);
  return check_exit(path, *end, output->read);
}

}  // namespace bellhop::platform
