#include "platform/io/edge_poll.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <optional>
#include <vector>

#include "platform/io/handle.h"

namespace bellhop::platform {
namespace {

constexpr std::uint64_t token = 42;

// Watches one end of a socket pair.
class EdgePollTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::array<int, 2> ends{};
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends.data()), 0);
    watched_.reset(ends[0]);
    other_.reset(ends[1]);
    auto poll = EdgePoll::create();
    ASSERT_TRUE(poll);
    poll_.emplace(*std::move(poll));
    ASSERT_TRUE(poll_->add(watched_.get(), token));
  }
  std::vector<EdgeEvent> events() {
    std::array<EdgeEvent, 4> room;
    const auto reported = poll_->take(room);
    return {reported.begin(), reported.end()};
  }
  void send() { ASSERT_EQ(::write(other_.get(), "x", 1), 1); }
  void receive(const Handle& fd) {
    char byte = 0;
    ASSERT_EQ(::read(fd.get(), &byte, 1), 1);
  }

  Handle watched_;
  Handle other_;
  std::optional<EdgePoll> poll_;
};

TEST_F(EdgePollTest, ReportsEachInputOnce) {
  EXPECT_TRUE(events().empty());
  for (int i = 0; i < 2; ++i) {
    send();
    const auto reported = events();
    ASSERT_EQ(reported.size(), 1U);
    EXPECT_EQ(reported[0].token, token);
    EXPECT_TRUE(reported[0].readable);
    EXPECT_FALSE(reported[0].writable);
    EXPECT_FALSE(reported[0].input_ends);
    EXPECT_TRUE(events().empty());  // although the input is still unread
  }
}

TEST_F(EdgePollTest, ReportsWritableOnlyOnRequest) {
  ASSERT_EQ(::write(watched_.get(), "x", 1), 1);
  receive(other_);  // empties the socket buffer
  EXPECT_TRUE(events().empty());
  poll_->await_writable(watched_.get(), token, true);
  const auto reported = events();
  ASSERT_EQ(reported.size(), 1U);  // it was writable already
  EXPECT_TRUE(reported[0].writable);
  EXPECT_FALSE(reported[0].readable);
  poll_->await_writable(watched_.get(), token, false);
  ASSERT_EQ(::write(watched_.get(), "x", 1), 1);
  receive(other_);
  EXPECT_TRUE(events().empty());
}

TEST_F(EdgePollTest, ReportsTheEndOfInputAndAHangUp) {
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

TEST_F(EdgePollTest, HasAReadableDescriptorWhileThereAreEvents) {
  std::array<EdgeEvent, 1> room;
  auto outer = EdgePoll::create();
  ASSERT_TRUE(outer);
  ASSERT_TRUE(outer->add(poll_->descriptor(), 7));
  EXPECT_TRUE(outer->take(room).empty());
  send();
  EXPECT_EQ(outer->take(room).size(), 1U);
}

TEST_F(EdgePollTest, ReportsNothingForARemovedDescriptor) {
  poll_->remove(watched_.get());
  send();
  EXPECT_TRUE(events().empty());
}

}  // namespace
}  // namespace bellhop::platform
