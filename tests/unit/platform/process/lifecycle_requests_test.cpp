// SPDX-License-Identifier: Apache-2.0
#include "platform/process/lifecycle_requests.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <asio/post.hpp>
#include <string>
#include <utility>
#include <vector>

#include "platform/process/signals_posix.h"

namespace bellhop::platform {
namespace {

class LifecycleRequestsTest : public testing::Test {
 protected:
  LifecycleRequestsTest() { ::pthread_sigmask(SIG_BLOCK, nullptr, &mask_); }
  ~LifecycleRequestsTest() override { ::pthread_sigmask(SIG_SETMASK, &mask_, nullptr); }

  Result<void> start() {
    return requests_.start({.stop = [this](std::string_view cause) { events_.emplace_back(cause); },
                            .upgrade =
                                [this](const Handle& requester) {
                                  events_.emplace_back(requester ? "reload" : "upgrade");
                                }});
  }

  // Delivers pending requests and returns them.
  std::vector<std::string> events() {
    for (int i = 0; i < 4; ++i) loop_.poll();
    return std::exchange(events_, {});
  }

  static void send(int signal) { ::kill(::getpid(), signal); }

  using Events = std::vector<std::string>;

  sigset_t mask_{};
  asio::io_context loop_;
  LifecycleRequests requests_{loop_};
  Events events_;
};

TEST_F(LifecycleRequestsTest, DeliversSignals) {
  ASSERT_TRUE(start());
  send(SIGTERM);
  EXPECT_EQ(events(), Events{"received signal num 15"});
  send(SIGUSR2);
  EXPECT_EQ(events(), Events{"upgrade"});
  send(SIGINT);
  EXPECT_EQ(events(), Events{"received signal num 2"});
}

TEST_F(LifecycleRequestsTest, DeliversEarlierRequestsAtTheStart) {
  LifecycleRequests::hold_until_start();
  send(SIGUSR2);
  ASSERT_TRUE(start());
  EXPECT_EQ(events(), Events{"upgrade"});
}

// exec_in_place() keeps pending signals.
TEST_F(LifecycleRequestsTest, KeepsUndeliveredRequestsPending) {
  ASSERT_TRUE(start());
  send(SIGTERM);
  sigset_t pending;
  ::sigpending(&pending);
  EXPECT_EQ(sigismember(&pending, SIGTERM), 1);
  EXPECT_EQ(events(), Events{"received signal num 15"});
  ::sigpending(&pending);
  EXPECT_EQ(sigismember(&pending, SIGTERM), 0);
}

TEST_F(LifecycleRequestsTest, PassesOnThePipeOfEachRequester) {
  ASSERT_TRUE(start());
  std::array<int, 2> pipe{};
  ASSERT_EQ(::pipe(pipe.data()), 0);
  sigval value{};
  value.sival_int = pipe[1];
  ::sigqueue(::getpid(), upgrade_request_signal, value);
  ::sigqueue(::getpid(), upgrade_request_signal, value);
  EXPECT_EQ(events(), (Events{"reload", "reload"}));
  value.sival_int = 12345;  // no fd
  ::sigqueue(::getpid(), upgrade_request_signal, value);
  EXPECT_EQ(events(), Events{"upgrade"});
}

// kill(1) sends no number of a descriptor: 0 would be the sender's standard input.
TEST_F(LifecycleRequestsTest, OpensNoPipeForAPlainSignal) {
  std::array<int, 2> pipe{};
  ASSERT_EQ(::pipe(pipe.data()), 0);
  const int input = ::dup(0);
  ASSERT_EQ(::dup2(pipe[1], 0), 0);
  ASSERT_TRUE(start());
  send(upgrade_request_signal);
  EXPECT_EQ(events(), Events{"upgrade"});
  ::dup2(input, 0);
}

TEST_F(LifecycleRequestsTest, IgnoresSigpipe) {
  ASSERT_TRUE(start());
  struct sigaction action{};
  ASSERT_EQ(::sigaction(SIGPIPE, nullptr, &action), 0);
  EXPECT_EQ(action.sa_handler, SIG_IGN);
  ::signal(SIGPIPE, SIG_DFL);
}

}  // namespace
}  // namespace bellhop::platform
