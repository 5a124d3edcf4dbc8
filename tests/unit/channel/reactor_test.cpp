// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <utility>
#include <vector>

#include "channel/reactor_posix.h"

namespace bellhop::channel {
namespace {

// Watches one end of a socket pair.
class ReactorTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::array<int, 2> ends{};
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends.data()), 0);
    watched_.reset(ends[0]);
    other_.reset(ends[1]);
    auto watch = reactor_->watch(watched_.get(),
                                 [this](const EdgeEvent& event) { events_.push_back(event); });
    ASSERT_TRUE(watch);
    watch_ = *std::move(watch);
  }
  std::vector<EdgeEvent> events() {
    loop_.poll();
    return std::exchange(events_, {});
  }
  void send() { ASSERT_EQ(::write(other_.get(), "x", 1), 1); }
  void receive(const platform::Handle& fd) {
    char byte = 0;
    ASSERT_EQ(::read(fd.get(), &byte, 1), 1);
  }

  platform::Handle watched_;
  platform::Handle other_;
  asio::io_context loop_;
  std::unique_ptr<Reactor> reactor_ = *Reactor::create(loop_);
  Watch watch_;
  std::vector<EdgeEvent> events_;
};

TEST_F(ReactorTest, ReportsEachInputOnce) {
  EXPECT_TRUE(events().empty());
  for (int i = 0; i < 2; ++i) {
    send();
    const auto reported = events();
    ASSERT_EQ(reported.size(), 1U);
    EXPECT_TRUE(reported[0].readable);
    EXPECT_FALSE(reported[0].writable);
    EXPECT_FALSE(reported[0].input_ends);
    EXPECT_TRUE(events().empty());  // although the input is still unread
  }
}

TEST_F(ReactorTest, ReportsWritableOnlyOnRequest) {
  ASSERT_EQ(::write(watched_.get(), "x", 1), 1);
  receive(other_);  // empties the socket buffer
  EXPECT_TRUE(events().empty());
  watch_.await_writable(true);
  const auto reported = events();
  ASSERT_EQ(reported.size(), 1U);  // it was writable already
  EXPECT_TRUE(reported[0].writable);
  EXPECT_FALSE(reported[0].readable);
  watch_.await_writable(false);
  ASSERT_EQ(::write(watched_.get(), "x", 1), 1);
  receive(other_);
  EXPECT_TRUE(events().empty());
}

TEST_F(ReactorTest, ReportsTheEndOfInputAndAHangUp) {
  send();
  ASSERT_EQ(::shutdown(other_.get(), SHUT_WR), 0);
  const auto ended = events();
  ASSERT_EQ(ended.size(), 1U);
  EXPECT_TRUE(ended[0].readable);
  EXPECT_TRUE(ended[0].input_ends);
  EXPECT_FALSE(ended[0].hung_up);
  other_.reset();
  const auto gone = events();
  ASSERT_EQ(gone.size(), 1U);
  EXPECT_TRUE(gone[0].hung_up);
  EXPECT_TRUE(events().empty());  // although the state persists
}

TEST_F(ReactorTest, ReportsNothingAfterAWatchHasEnded) {
  watch_ = Watch();
  send();
  EXPECT_TRUE(events().empty());
}

TEST_F(ReactorTest, LetsACallbackEndItsOwnWatch) {
  int calls = 0;
  watch_ = Watch();
  auto watch = reactor_->watch(watched_.get(), [&](const EdgeEvent&) {
    ++calls;
    watch_ = Watch();
  });
  ASSERT_TRUE(watch);
  watch_ = *std::move(watch);
  send();
  events();
  send();
  events();
  EXPECT_EQ(calls, 1);
}

}  // namespace
}  // namespace bellhop::channel
