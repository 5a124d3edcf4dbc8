// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <string>
#include <vector>

#include "platform/network/netlink_linux.h"
#include "unit/platform/network/netlink_messages.h"

namespace bellhop::platform {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr std::uint16_t entry = RTM_NEWLINK;

// A fake kernel: its replies are in the socket before the request.
class NetlinkDump : public ::testing::Test {
 protected:
  // Each call adds the reply to one request; each read returns one element.
  void answer(const std::vector<std::string>& packets) {
    std::array<int, 2> ends{};
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()), 0);
    Handle kernel(ends[1]);
    const int size = 4 << 20;
    ::setsockopt(kernel.get(), SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    for (const auto& packet : packets) {
      ASSERT_EQ(::send(kernel.get(), packet.data(), packet.size(), MSG_DONTWAIT),
                static_cast<ssize_t>(packet.size()));
    }
    answers_.push_back({Handle(ends[0]), std::move(kernel)});
  }

  NetlinkOpener opener() {
    return [this]() -> Result<Handle> {
      if (opened_ == answers_.size()) return failure("unexpected request");
      return std::move(answers_[opened_++].client);
    };
  }

  // The payload of each entry.
  Result<std::vector<std::string>> dump() {
    return netlink_list<std::string>(
        opener(), RTM_GETLINK, [](const NetlinkMessage& message) -> std::optional<std::string> {
          if (message.type != entry) return std::nullopt;
          return std::string(reinterpret_cast<const char*>(message.payload.data()),
                             message.payload.size());
        });
  }

  static NetlinkBytes message(char text, std::uint16_t flags = NLM_F_MULTI) {
    NetlinkBytes bytes;
    bytes.message(entry, flags).append(std::array{text, text, text, text});
    return bytes;
  }
  static std::string done(int error = 0, std::uint16_t flags = NLM_F_MULTI) {
    return NetlinkBytes().message(NLMSG_DONE, flags).append(error).bytes();
  }

  struct Answer {
    Handle client;
    Handle kernel;
  };
  std::vector<Answer> answers_;
  std::size_t opened_ = 0;
};

TEST_F(NetlinkDump, RequestsACompleteDump) {
  answer({done()});
  ASSERT_TRUE(dump());
  std::array<std::byte, 100> request{};
  const ssize_t size = ::recv(answers_[0].kernel.get(), request.data(), request.size(), 0);
  ASSERT_EQ(size, static_cast<ssize_t>(sizeof(nlmsghdr) + 4));
  const auto header = netlink_struct<nlmsghdr>(request);
  EXPECT_EQ(header.nlmsg_len, sizeof(nlmsghdr) + 4);
  EXPECT_EQ(header.nlmsg_type, RTM_GETLINK);
  EXPECT_EQ(header.nlmsg_flags, NLM_F_REQUEST | NLM_F_DUMP);
}

TEST_F(NetlinkDump, ReadsSeveralMessagesInSeveralReads) {
  answer({message('a').bytes() + message('b').bytes(), message('c').bytes(), done()});
  EXPECT_THAT(dump().value(), ElementsAre("aaaa", "bbbb", "cccc"));
}

TEST_F(NetlinkDump, StopsAtTheDoneMessage) {
  answer({message('a').bytes() + done() + message('b').bytes()});
  EXPECT_THAT(dump().value(), ElementsAre("aaaa"));
}

TEST_F(NetlinkDump, SkipsRepliesToOtherRequestsAndOtherMessages) {
  NetlinkBytes other;
  other.message(entry, NLM_F_MULTI, 7).append(std::array{'x', 'x', 'x', 'x'});
  NetlinkBytes nothing;
  nothing.message(NLMSG_NOOP).append(0);
  answer({other.bytes() + nothing.bytes() + message('a').bytes() + done()});
  EXPECT_THAT(dump().value(), ElementsAre("aaaa"));
}

TEST_F(NetlinkDump, RetriesWhenTheListHasChanged) {
  answer({message('a').bytes(), message('b', NLM_F_MULTI | NLM_F_DUMP_INTR).bytes(), done()});
  answer({message('a').bytes(), done(0, NLM_F_MULTI | NLM_F_DUMP_INTR)});
  answer({message('c').bytes(), done()});
  EXPECT_THAT(dump().value(), ElementsAre("cccc"));
}

TEST_F(NetlinkDump, ReturnsAListThatKeepsChanging) {
  for (int i = 0; i < 100; ++i) answer({message('a').bytes(), done(0, NLM_F_DUMP_INTR)});
  EXPECT_THAT(dump().value(), ElementsAre("aaaa"));
  EXPECT_LE(opened_, 20U);
}

TEST_F(NetlinkDump, GrowsItsBufferForLargeMessages) {
  const std::string text(150'000, 'x');
  std::string bytes(sizeof(nlmsghdr) + text.size(), 'x');
  const nlmsghdr header{.nlmsg_len = static_cast<std::uint32_t>(bytes.size()),
                        .nlmsg_type = entry,
                        .nlmsg_flags = NLM_F_MULTI,
                        .nlmsg_seq = 1,
                        .nlmsg_pid = 0};
  std::memcpy(bytes.data(), &header, sizeof header);
  for (int i = 0; i < 3; ++i) answer({message('a').bytes(), bytes, done()});
  EXPECT_THAT(dump().value(), ElementsAre("aaaa", text));
}

TEST_F(NetlinkDump, ReturnsTheKernelsError) {
  answer({NetlinkBytes().message(NLMSG_ERROR, 0).append(-EPERM).append(nlmsghdr{}).bytes()});
  const auto result = dump();
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().system.value(), EPERM);
}

TEST_F(NetlinkDump, FailsWhenTheDumpEndsWithAnError) {
  answer({message('a').bytes(), done(-ENOMEM)});
  const auto result = dump();
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().system.value(), ENOMEM);
}

TEST_F(NetlinkDump, FailsWhenTheReplyHasNoEnd) {
  answer({message('a').bytes()});
  answers_[0].kernel.reset();
  EXPECT_FALSE(dump());
}

TEST_F(NetlinkDump, FailsWithoutASocket) {
  const auto result = dump();
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().message, "unexpected request");
}

TEST_F(NetlinkDump, StopsAtATruncatedMessage) {
  std::string cut = message('b').bytes();
  cut.pop_back();
  answer({message('a').bytes() + cut, done()});
  EXPECT_THAT(dump().value(), ElementsAre("aaaa"));
}

std::vector<std::pair<int, std::size_t>> attributes_of(std::span<const std::byte> bytes) {
  std::vector<std::pair<int, std::size_t>> result;
  for_each_attribute(bytes, [&](std::uint16_t type, std::span<const std::byte> value) {
    result.emplace_back(type, value.size());
  });
  return result;
}

TEST(NetlinkAttributes, AreAligned) {
  NetlinkBytes bytes;
  bytes.message(entry).attribute(1, "a").attribute(2, "").attribute(3, "12345");
  EXPECT_THAT(attributes_of(bytes.payload()),
              ElementsAre(std::pair(1, 1), std::pair(2, 0), std::pair(3, 5)));
}

TEST(NetlinkAttributes, HaveTypesWithoutFlags) {
  NetlinkBytes bytes;
  bytes.message(entry).attribute(5 | NLA_F_NESTED, "abcd");
  EXPECT_THAT(attributes_of(bytes.payload()), ElementsAre(std::pair(5, 4)));
}

TEST(NetlinkAttributes, EndAtATruncatedOne) {
  NetlinkBytes bytes;
  bytes.message(entry).attribute(1, "abcd").attribute(2, "abcd");
  const auto all = bytes.payload();
  for (std::size_t size = 8; size < 16; ++size) {
    EXPECT_THAT(attributes_of(all.first(size)), ElementsAre(std::pair(1, 4))) << size;
  }
  EXPECT_THAT(attributes_of(all.first(3)), IsEmpty());
}

TEST(NetlinkAttributes, EndAtALengthThatIsTooSmall) {
  NetlinkBytes bytes;
  bytes.message(entry).attribute(1, "abcd").append(nlattr{.nla_len = 0, .nla_type = 2});
  EXPECT_THAT(attributes_of(bytes.payload()), ElementsAre(std::pair(1, 4)));
}

}  // namespace
}  // namespace bellhop::platform
