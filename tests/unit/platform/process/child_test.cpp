// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>

#include <thread>

#include "platform/io/pipe_posix.h"
#include "platform/process/child_posix.h"

namespace bellhop::platform {
namespace {

using namespace std::chrono_literals;

struct Report {
  int number;
};

TEST(ReadReport, ReturnsWhatTheChildHasWritten) {
  auto pipe = make_pipe();
  ASSERT_TRUE(pipe);
  write_report(pipe->write.get(), Report{7});
  const auto report = read_report<Report>(pipe->read);
  ASSERT_TRUE(report);
  EXPECT_EQ(report->number, 7);
}

TEST(ReadReport, IsEmptyIfTheOtherEndIsClosed) {
  auto pipe = make_pipe();
  ASSERT_TRUE(pipe);
  pipe->write.reset();
  EXPECT_FALSE(read_report<Report>(pipe->read));
}

TEST(WaitReadable, EndsAtTheDeadline) {
  auto pipe = make_pipe();
  ASSERT_TRUE(pipe);
  EXPECT_FALSE(wait_readable(pipe->read, {}));
  const auto deadline = std::chrono::steady_clock::now() + 20ms;
  EXPECT_FALSE(wait_readable(pipe->read, deadline));
  EXPECT_GE(std::chrono::steady_clock::now(), deadline);
}

TEST(WaitReadable, ReturnsForDataAndForTheEnd) {
  auto pipe = make_pipe();
  ASSERT_TRUE(pipe);
  write_report(pipe->write.get(), 'x');
  EXPECT_TRUE(wait_readable(pipe->read, ChildDeadline::max()));
  EXPECT_TRUE(read_report<char>(pipe->read));
  pipe->write.reset();
  EXPECT_TRUE(wait_readable(pipe->read, ChildDeadline::max()));
}

pid_t fork_sleeper() {
  const pid_t child = ::fork();
  if (child == 0) {
    for (;;) ::pause();
  }
  return child;
}

bool exists(pid_t child) {
  return ::kill(child, 0) == 0;
}

TEST(Reap, ReturnsHowAChildEnded) {
  const pid_t exits = ::fork();
  if (exits == 0) ::_exit(3);
  const ProcessEnd end = reap(exits);
  EXPECT_EQ(end.exit_code, 3);
  EXPECT_EQ(end.signal, std::nullopt);
  const ProcessEnd none = reap(exits);
  EXPECT_EQ(none.exit_code, std::nullopt);
  EXPECT_EQ(none.signal, std::nullopt);
  const pid_t sleeps = fork_sleeper();
  ::kill(sleeps, SIGKILL);
  EXPECT_EQ(reap(sleeps).signal, SIGKILL);
}

TEST(KillChild, ReapsTheChildImmediately) {
  const pid_t child = fork_sleeper();
  auto end = exit_descriptor(child);
  ASSERT_TRUE(end);
  kill_child(child, *end);
  EXPECT_FALSE(exists(child));
}

TEST(KillChild, ReapsTheChildOnAThreadWithoutAnExitDescriptor) {
  const pid_t child = fork_sleeper();
  kill_child(child, {});
  for (int i = 0; i < 10'000 && exists(child); ++i) std::this_thread::sleep_for(1ms);
  EXPECT_FALSE(exists(child));
}

}  // namespace
}  // namespace bellhop::platform
