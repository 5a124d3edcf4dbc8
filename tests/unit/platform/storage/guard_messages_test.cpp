// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "platform/storage/guard_messages_linux.h"

namespace bellhop::platform {
namespace {

using Kind = GuardMessageKind;

class GuardMessages : public ::testing::Test {
 protected:
  GuardMessages() {
    std::array<int, 2> ends{};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()), 0);
    here.reset(ends[0]);
    there.reset(ends[1]);
  }
  int send(const GuardMessage& message) { return send_guard_message(here.get(), message); }
  std::expected<GuardMessage, int> receive() {
    return receive_guard_message(there.get(), MSG_DONTWAIT);
  }

  Handle here;
  Handle there;
};

TEST_F(GuardMessages, ArriveAsTheyWereSent) {
  EXPECT_EQ(send({.kind = Kind::begin, .number = -1, .extra = 1LL << 40, .text = "a\nb"}), 0);
  EXPECT_EQ(send({.kind = Kind::thaw}), 0);
  const auto first = receive();
  ASSERT_TRUE(first);
  EXPECT_EQ(first->kind, Kind::begin);
  EXPECT_EQ(first->number, -1);
  EXPECT_EQ(first->extra, 1LL << 40);
  EXPECT_EQ(first->text, "a\nb");
  EXPECT_FALSE(first->descriptor);
  const auto second = receive();
  ASSERT_TRUE(second);
  EXPECT_EQ(second->kind, Kind::thaw);
  EXPECT_EQ(second->text, "");
  EXPECT_EQ(receive().error(), EAGAIN);
}

TEST_F(GuardMessages, CarryADescriptorThatChildrenDoNotInherit) {
  std::array<int, 2> pipe{};
  ASSERT_EQ(::pipe(pipe.data()), 0);
  const Handle read(pipe[0]);
  const Handle write(pipe[1]);
  EXPECT_EQ(send_guard_message(here.get(), {.kind = Kind::filesystem}, 0, write.get()), 0);
  const auto message = receive();
  ASSERT_TRUE(message && message->descriptor);
  EXPECT_NE(message->descriptor.get(), write.get());
  EXPECT_EQ(::fcntl(message->descriptor.get(), F_GETFD), FD_CLOEXEC);
  EXPECT_EQ(::write(message->descriptor.get(), "x", 1), 1);
  char byte = 0;
  EXPECT_EQ(::read(read.get(), &byte, 1), 1);
}

TEST_F(GuardMessages, HaveTextsThatAreCut) {
  EXPECT_EQ(send({.kind = Kind::warning, .text = std::string(10'000, 'x')}), 0);
  EXPECT_EQ(receive()->text, std::string(4096, 'x'));
}

// The kernel reports first that messages were left unread, then delivers what was sent.
TEST_F(GuardMessages, ArriveThoughTheSenderLeftMessagesUnread) {
  EXPECT_EQ(send_guard_message(there.get(), {.kind = Kind::thaw}), 0);
  EXPECT_EQ(send({.kind = Kind::ended, .number = 2}), 0);
  here.reset();
  const auto message = receive();
  ASSERT_TRUE(message);
  EXPECT_EQ(message->kind, Kind::ended);
  EXPECT_EQ(receive().error(), 0);
}

TEST_F(GuardMessages, EndWhenTheOtherEndIsClosed) {
  here.reset();
  EXPECT_EQ(receive().error(), 0);
  EXPECT_EQ(send_guard_message(there.get(), {.kind = Kind::thaw}), EPIPE);
}

}  // namespace
}  // namespace bellhop::platform
