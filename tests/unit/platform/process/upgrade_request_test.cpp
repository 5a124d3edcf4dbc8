// SPDX-License-Identifier: Apache-2.0
#include "platform/process/upgrade_request.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <functional>
#include <limits>

#include "platform/process/signals_posix.h"

namespace bellhop::platform {
namespace {

constexpr std::chrono::seconds timeout{30};

// Another process that plays the agent. Ends after the request, or when the test kills it.
class OtherProcess {
 public:
  // `on_request` is called with the signal of the request.
  explicit OtherProcess(const std::function<void(const signalfd_siginfo&)>& on_request) {
    const sigset_t wanted = block_signals(std::array{upgrade_request_signal});
    pid_ = ::fork();
    if (pid_ != 0) {
      ::pthread_sigmask(SIG_UNBLOCK, &wanted, nullptr);
      return;
    }
    // Not sigwaitinfo(2), which unblocks the signal while it waits.
    signalfd_siginfo info{};
    [[maybe_unused]] const ssize_t size = ::read(::signalfd(-1, &wanted, 0), &info, sizeof info);
    on_request(info);
    ::_exit(0);
  }
  ~OtherProcess() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  OtherProcess(const OtherProcess&) = delete;
  OtherProcess& operator=(const OtherProcess&) = delete;

  ProcessId pid() const { return pid_; }

 private:
  pid_t pid_ = 0;
};

auto answering(const Result<std::string>& result) {
  return [result](const signalfd_siginfo& info) {
    report_upgrade(open_requester(info.ssi_pid, info.ssi_int), result);
    ::pause();
  };
}

std::string error_of(ProcessId agent, std::chrono::seconds limit = timeout) {
  const auto result = request_upgrade(agent, limit);
  return result ? "no error" : result.error().message;
}

TEST(RequestUpgrade, ReturnsTheResult) {
  const OtherProcess agent(answering("bellhopd 1 was replaced by 2"));
  EXPECT_EQ(request_upgrade(agent.pid(), timeout), "bellhopd 1 was replaced by 2");
}

TEST(RequestUpgrade, FailsWithTheReason) {
  const OtherProcess agent(answering(failure("guest-exec is still running")));
  EXPECT_EQ(error_of(agent.pid()), "guest-exec is still running");
}

TEST(RequestUpgrade, CutsALongReason) {
  const OtherProcess agent(answering(failure("{}", std::string(100'000, 'x'))));
  EXPECT_EQ(error_of(agent.pid()), std::string(4096, 'x'));
}

TEST(RequestUpgrade, HasATimeout) {
  const OtherProcess agent([](const signalfd_siginfo&) { ::pause(); });
  EXPECT_TRUE(error_of(agent.pid(), std::chrono::seconds(1))
                  .starts_with(fmt::format("the agent (pid {}) did not answer within 1 s; see its "
                                           "log",
                                           agent.pid())));
}

TEST(RequestUpgrade, NoticesTheEndOfTheAgent) {
  const OtherProcess agent([](const signalfd_siginfo&) {});
  EXPECT_EQ(error_of(agent.pid()),
            fmt::format("the agent (pid {}) ended during the upgrade", agent.pid()));
}

TEST(RequestUpgrade, DoesNotSignalAProcessThatTheSignalWouldEnd) {
  const pid_t other = ::fork();
  if (other == 0) {
    ::pause();
    ::_exit(0);
  }
  EXPECT_EQ(error_of(other),
            fmt::format("the process with the pid {} does not support live upgrades", other));
  ::kill(other, SIGKILL);
  int status = 0;
  ::waitpid(other, &status, 0);
  EXPECT_EQ(WTERMSIG(status), SIGKILL);
}

TEST(RequestUpgrade, FailsWithoutAProcess) {
  EXPECT_EQ(error_of(std::numeric_limits<int>::max()),
            "there is no process with the pid 2147483647");
}

TEST(OpenRequester, OpensOnlyPipes) {
  EXPECT_FALSE(open_requester(::getpid(), 12345));
  const int file = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
  EXPECT_FALSE(open_requester(::getpid(), file));
  ::close(file);
}

}  // namespace
}  // namespace bellhop::platform
