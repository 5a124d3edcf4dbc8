// SPDX-License-Identifier: Apache-2.0
#include "platform/process/daemon.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <functional>

#include "unit/temporary_directory.h"

namespace bellhop::platform {
namespace {

// Starts a daemon from a child process, because the process that calls Daemon::start() must leave
// by _exit(2). Returns the exit status of the child.
int status_of_start(const std::function<void(Daemon&)>& in_daemon) {
  const pid_t child = ::fork();
  if (child == 0) {
    auto daemon = Daemon::start();
    if (!daemon) ::_exit(99);
    if (daemon->status()) ::_exit(*daemon->status());
    in_daemon(*daemon);
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

std::string state_of_this_process() {
  const mode_t mask = ::umask(0);
  const auto target = [](int fd) {
    return std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(fd)).string();
  };
  return fmt::format("leads={} cwd={} umask={:o} {} {} {}", ::getsid(0) == ::getpid(),
                     std::filesystem::current_path().string(), mask, target(0), target(1),
                     target(2));
}

TEST(Daemon, RunsDetached) {
  const TemporaryDirectory directory;
  const std::string state = directory.path("state");
  ASSERT_EQ(::mkfifo(state.c_str(), 0600), 0);
  EXPECT_EQ(status_of_start([&](Daemon& daemon) {
              if (!daemon.detach()) ::_exit(1);
              std::ofstream(state) << state_of_this_process();
            }),
            0);
  EXPECT_EQ(directory.content("state"), "leads=true cwd=/ umask=77 /dev/null /dev/null /dev/null");
}

TEST(Daemon, ReturnsTheStatusOfAFailedStart) {
  EXPECT_EQ(status_of_start([](Daemon&) { ::_exit(3); }), 3);
  EXPECT_EQ(status_of_start([](Daemon&) { ::raise(SIGKILL); }), 1);
}

TEST(Daemon, KeepsItsSessionUntilItDetaches) {
  const TemporaryDirectory directory;
  const std::string path = directory.path("state");
  EXPECT_EQ(status_of_start([&](Daemon&) {
              std::ofstream(path) << (::getsid(0) == ::getpid());
              ::_exit(5);
            }),
            5);
  EXPECT_EQ(directory.content("state"), "0");
}

}  // namespace
}  // namespace bellhop::platform
