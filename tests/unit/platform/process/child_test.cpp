// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <thread>
#include <vector>

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

// Whatever numbers the descriptors have, for example when the agent's standard streams are closed.
TEST(ArrangeDescriptors, KeepsTheProgramApart) {
  const std::vector<std::vector<int>> orders = {{5, 6, 7, 8, 9}, {3, 4, 5, 6, 7}, {7, 6, 5, 4, 3},
                                                {4, 5, 6, 3, 7}, {5, 6, 7, 4, 3}, {6, 7, 8, 3, 4}};
  for (const std::vector<int>& order : orders) {
    const pid_t child = ::fork();
    if (child == 0) {
      std::vector<Handle> files;
      struct stat expected[5];
      for (std::size_t i = 0; i < order.size(); ++i) {
        files.emplace_back(::fcntl(::memfd_create("file", 0), F_DUPFD, 20));
        ::fstat(files.back().get(), &expected[i]);
      }
      for (std::size_t i = 0; i < order.size(); ++i) ::dup2(files[i].get(), order[i]);
      ChildDescriptors descriptors{.in = order[0],
                                   .out = order[1],
                                   .err = order[2],
                                   .report = order[3],
                                   .program = order[4]};
      bool right = arrange_descriptors(descriptors) && descriptors.program == program_descriptor;
      for (int number = 0; number < 5; ++number) {
        struct stat found{};
        right = right && ::fstat(number, &found) == 0 && found.st_ino == expected[number].st_ino;
      }
      right = right && ::fcntl(5, F_GETFD) < 0 && ::fcntl(20, F_GETFD) < 0;
      ::_exit(right ? 0 : 1);
    }
    EXPECT_EQ(reap(child).exit_code, 0) << "report " << order[3] << ", program " << order[4];
  }
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
