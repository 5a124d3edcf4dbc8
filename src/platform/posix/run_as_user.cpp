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
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "platform/posix/close_from.h"
#include "platform/posix/give_up_capabilities.h"
#include "platform/posix/pipe.h"

namespace bellhop::platform {
namespace {

using Clock = std::chrono::steady_clock;

// How far the child got.
enum class Stage { descriptors, groups, group, user, program, done };

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

using Work = std::function<Report()>;

// Where a child's words go.
struct Channels {
  int report;
  int output = -1;  // for standard output and standard error; none: they stay the agent's
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

bool redirect_standard_streams(int output) {
  const int nothing = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (nothing < 0) return false;
  return ::dup2(output, 1) >= 0 && ::dup2(output, 2) >= 0 && ::dup2(nothing, 0) >= 0;
}

// Copies of other children's pipes, kept open here, would keep those children from being seen to
// end; the agent's own files are not the user's.
Report close_others(const Channels& channels) {
  const bool redirected = channels.output < 0 || redirect_standard_streams(channels.output);
  if (!redirected || ::dup2(channels.report, 3) < 0 || !close_from(4)) {
    return {Stage::descriptors, errno};
  }
  return {Stage::done, 0};
}

[[noreturn]] void run_child(const Identity& identity, const Channels& channels, const Work& work) {
  Report report = close_others(channels);
  const int reports_to = report.stage == Stage::done ? 3 : channels.report;
  if (report.stage == Stage::done && !identity.is_the_agents) report = become(identity);
  if (report.stage == Stage::done) {
    ::umask(077);
    report = work();
  }
  [[maybe_unused]] const ssize_t written = ::write(reports_to, &report, sizeof report);
  ::_exit(0);
}

// No handler of the agent's may run in the child; it never unblocks the signals while it has them.
pid_t fork_child(const Identity& identity, const Channels& channels, const Work& work) {
  sigset_t all;
  sigset_t before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  const pid_t child = ::fork();
  if (child == 0) run_child(identity, channels, work);
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
    std::thread(reap, child).detach();
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
    case Stage::program:
    case Stage::done:
      return {};
  }
  return {};
}

std::unexpected<Error> took_too_long(const UserAccount& user, std::chrono::milliseconds limit) {
  return failure("the process for user '{}' did not end within {} s and was killed", user.name,
                 std::chrono::duration<double>(limit).count());
}

std::unexpected<Error> no_process(int error, const UserAccount& user) {
  return system_failure(error, "failed to start a process for user '{}'", user.name);
}

// What execve(2) takes, made before the fork.
class ProgramCall {
 public:
  ProgramCall(std::string path, std::vector<std::string> arguments) : words_(std::move(arguments)) {
    words_.insert(words_.begin(), std::move(path));
    for (std::string& word : words_) pointers_.push_back(word.data());
    pointers_.push_back(nullptr);
  }

  // In the child. Only returns when the program cannot be started.
  Report operator()() const {
    // Writable, as execve() wants them; it does not write.
    char path[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
    char language[] = "LC_ALL=C";
    char* const environment[] = {path, language, nullptr};
    default_signals();
    if (::chdir("/") == 0 && ::fcntl(3, F_SETFD, FD_CLOEXEC) == 0) {
      ::execve(pointers_[0], pointers_.data(), environment);
    }
    return {Stage::program, errno};
  }

 private:
  // A program keeps which signals are ignored, and which are blocked.
  static void default_signals() {
    struct sigaction standard{};
    standard.sa_handler = SIG_DFL;
    for (int signal = 1; signal < NSIG; ++signal) ::sigaction(signal, &standard, nullptr);
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
  }

  std::vector<std::string> words_;
  std::vector<char*> pointers_;
};

// Waits for the end of a child in a thread, and reaps it.
class ChildEnd {
 public:
  explicit ChildEnd(pid_t child) : child_(child), shared_(std::make_shared<Shared>()) {
    std::thread([child, shared = shared_] {
      siginfo_t info{};
      while (::waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOWAIT) != 0 &&
             errno == EINTR) {
      }
      // Its number is its own until it is reaped, which kill() relies on.
      const std::lock_guard lock(shared->mutex);
      reap(child);
      shared->end = info;
      shared->ended.notify_all();
    }).detach();
  }

  // How it ended; nothing when it had to be killed.
  std::optional<siginfo_t> wait(Clock::time_point deadline) {
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
  pid_t child_;
  std::shared_ptr<Shared> shared_;
};

// The beginning of what there is, in one line.
std::string read_output(const UniqueFd& pipe) {
  char buffer[1024];
  pollfd entry{.fd = pipe.get(), .events = POLLIN, .revents = 0};
  if (::poll(&entry, 1, 0) <= 0) return {};
  const ssize_t size = ::read(pipe.get(), buffer, sizeof buffer);
  std::string output(buffer, static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
  while (output.ends_with('\n')) output.pop_back();
  std::ranges::replace(output, '\n', ' ');
  return output;
}

Result<void> judge_end(const std::string& path, const siginfo_t& end, const UniqueFd& output) {
  if (end.si_code == CLD_EXITED && end.si_status == 0) return {};
  if (end.si_code != CLD_EXITED) return failure("'{}' was ended by signal {}", path, end.si_status);
  const std::string said = read_output(output);
  return failure("'{}' ended with status {}{}{}", path, end.si_status, said.empty() ? "" : ": ",
                 said);
}

}  // namespace

Result<void> run_as_user(const UserAccount& user, std::chrono::milliseconds limit,
                         const std::function<void()>& work) {
  auto pipe = make_pipe();
  if (!pipe) return std::unexpected(std::move(pipe).error());
  const auto deadline = Clock::now() + limit;
  const pid_t child = fork_child(identity_of(user), {.report = pipe->write.get()}, [&work] {
    work();
    return Report{Stage::done, 0};
  });
  if (child < 0) return no_process(errno, user);
  pipe->write.reset();
  if (!wait_for(pipe->read.get(), deadline)) {
    kill_child(child, pipe->read.get());
    return took_too_long(user, limit);
  }
  Report report{};
  const bool reported = read_report(pipe->read.get(), report);
  ::kill(child, SIGKILL);  // it has nothing left to do, but the user may have stopped it
  reap(child);
  if (!reported) return failure("the process for user '{}' was killed", user.name);
  return judge(user, report);
}

Result<void> run_program_as_user(const UserAccount& user, std::chrono::milliseconds limit,
                                 const std::string& path, std::vector<std::string> arguments) {
  auto pipe = make_pipe();
  if (!pipe) return std::unexpected(std::move(pipe).error());
  auto output = make_pipe();
  if (!output) return std::unexpected(std::move(output).error());
  const ProgramCall call(path, std::move(arguments));
  const auto deadline = Clock::now() + limit;
  const pid_t child =
      fork_child(identity_of(user), {.report = pipe->write.get(), .output = output->write.get()},
                 [&call] { return call(); });
  if (child < 0) return no_process(errno, user);
  pipe->write.reset();
  output->write.reset();
  if (!wait_for(pipe->read.get(), deadline)) {
    kill_child(child, pipe->read.get());
    return took_too_long(user, limit);
  }
  Report report{};
  const bool failed = read_report(pipe->read.get(), report);
  const auto end = ChildEnd(child).wait(deadline);  // its end of the pipe went with the start
  if (failed && report.stage == Stage::program) {
    return system_failure(report.error, "cannot run '{}'", path);
  }
  if (failed) return judge(user, report);
  if (!end) return took_too_long(user, limit);
  return judge_end(path, *end, output->read);
}

}  // namespace bellhop::platform
