// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cstring>

#include "channel/listen_channel_posix.h"
#include "platform/io/sockets.h"
#include "unit/channel/recording_handler.h"

namespace bellhop::channel {
namespace {

class ListenChannelTest : public testing::Test {
 protected:
  ListenChannelTest()
      : reactor_(*Reactor::create(loop_)),
        channel_(*reactor_, *platform::listen_unix(path_), "unix-listen") {
    EXPECT_TRUE(channel_.start(handler_));
  }

  platform::Handle connect() const {
    platform::Handle fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path_.c_str(), sizeof address.sun_path - 1);
    EXPECT_EQ(::connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    return fd;
  }

  static void write(const platform::Handle& fd, std::string_view text) {
    EXPECT_EQ(::write(fd.get(), text.data(), text.size()), std::ssize(text));
  }

  static std::string read(const platform::Handle& fd) {
    char buffer[4096];
    const ssize_t count = ::read(fd.get(), buffer, sizeof buffer);
    return count > 0 ? std::string(buffer, static_cast<std::size_t>(count)) : std::string();
  }

  void send(std::string text) { channel_.send(text); }
  void until(const std::function<bool()>& condition) { run_until(loop_, condition); }

  TemporaryDirectory directory_;
  std::string path_ = directory_.path("socket");
  asio::io_context loop_;
  std::unique_ptr<Reactor> reactor_;
  RecordingHandler handler_;
  ListenChannel channel_;
};

TEST_F(ListenChannelTest, CarriesBytesBothWays) {
  const platform::Handle client = connect();
  write(client, "request");
  until([&] { return handler_.received == "request"; });
  send("reply");
  EXPECT_EQ(read(client), "reply");
}

TEST_F(ListenChannelTest, ServesTheNextClientAfterADisconnect) {
  platform::Handle first = connect();
  const platform::Handle second = connect();
  write(first, "one ");
  write(second, "two");
  until([&] { return handler_.received == "one "; });
  first.reset();
  until([&] { return handler_.received == "one two"; });
  EXPECT_EQ(handler_.disconnections, 1);
}

TEST_F(ListenChannelTest, AnswersAHalfClosedClient) {
  const platform::Handle client = connect();
  write(client, "request");
  ::shutdown(client.get(), SHUT_WR);
  until([&] { return handler_.ends == 1; });
  EXPECT_EQ(handler_.received, "request");
  EXPECT_EQ(handler_.disconnections, 0);
  send("reply");
  channel_.finish();
  until([&] { return handler_.disconnections == 1; });
  EXPECT_EQ(read(client), "reply");
  EXPECT_EQ(read(client), "");
}

TEST_F(ListenChannelTest, SendsAllOutputBeforeItClosesAHalfClosedClient) {
  const platform::Handle client = connect();
  write(client, "request");
  ::shutdown(client.get(), SHUT_WR);
  until([&] { return handler_.ends == 1; });
  const std::string large(8 * 1024 * 1024, 'r');
  send(large);
  channel_.finish();
  fcntl(client.get(), F_SETFL, O_NONBLOCK);
  std::string received;
  until([&] {
    for (std::string piece = read(client); !piece.empty(); piece = read(client)) received += piece;
    return handler_.disconnections == 1;
  });
  for (std::string piece = read(client); !piece.empty(); piece = read(client)) received += piece;
  EXPECT_EQ(received.size(), large.size());
}

TEST_F(ListenChannelTest, NoticesTheDisconnectOfAHalfClosedClient) {
  platform::Handle client = connect();
  ::shutdown(client.get(), SHUT_WR);
  until([&] { return handler_.ends == 1; });
  client.reset();
  until([&] { return handler_.disconnections == 1; });
}

TEST_F(ListenChannelTest, BuffersOutputUntilTheClientReads) {
  const platform::Handle client = connect();
  write(client, "x");
  until([&] { return !handler_.received.empty(); });
  const std::string large(8 * 1024 * 1024, 'r');
  send(large);
  EXPECT_GT(channel_.unsent(), 0U);
  fcntl(client.get(), F_SETFL, O_NONBLOCK);
  std::string received;
  until([&] {
    for (std::string piece = read(client); !piece.empty(); piece = read(client)) received += piece;
    return received.size() == large.size();
  });
  EXPECT_EQ(received, large);
  EXPECT_EQ(channel_.unsent(), 0U);
  EXPECT_EQ(handler_.drained, 1);
}

TEST_F(ListenChannelTest, ReadsOnlyWhileTheHandlerAcceptsInput) {
  handler_.accepts_input = false;
  const platform::Handle client = connect();
  write(client, "request");
  loop_.restart();
  loop_.poll();
  EXPECT_EQ(handler_.received, "");
  handler_.accepts_input = true;
  until([&] {
    channel_.resume_input();
    return handler_.received == "request";
  });
}

TEST_F(ListenChannelTest, NoticesADisconnectWhileTheHandlerAcceptsNoInput) {
  handler_.accepts_input = false;
  platform::Handle client = connect();
  write(client, "request");
  client.reset();
  until([&] { return handler_.disconnections == 1; });
}

TEST_F(ListenChannelTest, ReadsTheInputOfAClientThatHasDisconnected) {
  platform::Handle client = connect();
  write(client, "request");
  client.reset();
  handler_.on_input = [&] { send("reply"); };
  until([&] { return handler_.disconnections == 1; });
  EXPECT_EQ(handler_.received, "request");
}

TEST_F(ListenChannelTest, ReplacesAStaleSocket) {
  EXPECT_TRUE(platform::listen_unix(path_)) << "a second listener replaces the socket";
}

TEST(ListenUnix, NamesTheInvalidPath) {
  const auto missing = platform::listen_unix("/nonexistent-directory/socket");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().message,
            "cannot listen at '/nonexistent-directory/socket': No such file or directory");
  const auto too_long = platform::listen_unix("/" + std::string(200, 'x'));
  ASSERT_FALSE(too_long);
  EXPECT_NE(too_long.error().message.find("at most 107 bytes"), std::string::npos);
}

TEST_F(ListenChannelTest, SnapshotsListenerClientAndUnsentOutput) {
  const auto idle = channel_.snapshot();
  EXPECT_GE(idle.listener, 0);
  EXPECT_EQ(idle.client, -1);
  const platform::Handle client = connect();
  write(client, "x");
  until([&] { return !handler_.received.empty(); });
  std::string all;
  for (int i = 0; i < 8; ++i) {
    std::string piece(1024 * 1024, static_cast<char>('0' + i));
    all += piece;
    send(piece);
  }
  const auto snapshot = channel_.snapshot();
  EXPECT_GE(snapshot.client, 0);
  EXPECT_EQ(snapshot.unsent.size(), channel_.unsent());
  EXPECT_TRUE(all.ends_with(snapshot.unsent));
}

TEST_F(ListenChannelTest, RestoresAClient) {
  int ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends), 0);
  platform::Handle client(ends[0]);
  ListenChannel channel(
      *reactor_, *platform::listen_unix(directory_.path("other")), "unix-listen",
      RestoredClient{.descriptor = platform::Handle(ends[1]), .unsent = "the rest"});
  write(client, "sent before");
  RecordingHandler handler;
  ASSERT_TRUE(channel.start(handler));
  EXPECT_EQ(read(client), "the rest");
  until([&] { return handler.received == "sent before"; });
  std::string reply = "reply";
  channel.send(reply);
  EXPECT_EQ(read(client), "reply");
  client.reset();
  until([&] { return handler.disconnections == 1; });
}

}  // namespace
}  // namespace bellhop::channel
