// SPDX-License-Identifier: Apache-2.0
#include "platform/process/threads.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <filesystem>
#include <fstream>
#include <latch>
#include <memory>

namespace bellhop::platform {
namespace {

std::vector<std::string> thread_names() {
  std::vector<std::string> names;
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
    std::ifstream file(task.path() / "comm");
    std::getline(file, names.emplace_back());
  }
  return names;
}

TEST(StartThread, SetsTheNameOfTheThread) {
  std::latch started(1);
  std::latch done(1);
  auto thread = start_thread("bellhop-testing", [&] {
    started.count_down();
    done.wait();
  });
  ASSERT_TRUE(thread);
  started.wait();
  EXPECT_THAT(thread_names(), ::testing::Contains("bellhop-testing"));
  done.count_down();
}

TEST(StartThread, BlocksSignalsInTheThread) {
  sigset_t blocked;
  ::sigemptyset(&blocked);
  auto thread = start_thread("test", [&] { ::pthread_sigmask(SIG_BLOCK, nullptr, &blocked); });
  ASSERT_TRUE(thread);
  thread->join();
  for (const int signal : {SIGTERM, SIGINT, SIGCHLD, SIGUSR1}) {
    EXPECT_EQ(::sigismember(&blocked, signal), 1) << signal;
  }
  ::pthread_sigmask(SIG_BLOCK, nullptr, &blocked);
  EXPECT_EQ(::sigismember(&blocked, SIGTERM), 0) << "the mask of the starting thread has changed";
}

TEST(StartThread, MovesTheFunction) {
  int result = 0;
  auto thread = start_thread("test", [&, value = std::make_unique<int>(7)] { result = *value; });
  ASSERT_TRUE(thread);
  thread->join();
  EXPECT_EQ(result, 7);
}

}  // namespace
}  // namespace bellhop::platform
