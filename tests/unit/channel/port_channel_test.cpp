// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <termios.h>

#include <array>
#include <cerrno>
#include <filesystem>

#include "channel/port_channel_posix.h"
#include "platform/io/port.h"
#include "unit/channel/recording_handler.h"

namespace bellhop::channel {
namespace {

// A pseudo-terminal in place of a serial line. The test has the host's end.
class Line {
 public:
  Line() : host_(posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)) {
    EXPECT_EQ(grantpt(host_.get()), 0);
    EXPECT_EQ(unlockpt(host_.get()), 0);
    // Raw mode on the host's side as well, so that bytes pass unchanged.
    termios settings{};
    tcgetattr(host_.get(), &settings);
    cfmakeraw(&settings);
    tcsetattr(host_.get(), TCSANOW, &settings);
  }

  std::string path() const { return ptsname(host_.get()); }
  void write(std::string_view text) const {
    EXPECT_EQ(::write(host_.get(), text.data(), text.size()), std::ssize(text));
  }
  std::string read() const {
    char buffer[256];
    const ssize_t count = ::read(host_.get(), buffer, sizeof buffer);
    return count > 0 ? std::string(buffer, static_cast<std::size_t>(count)) : std::string();
  }

 private:
  platform::Handle host_;
};

class PortChannelTest : public testing::Test {
 protected:
  PortChannelTest() : reactor_(*Reactor::create(loop_)) {}

  std::unique_ptr<PortChannel> channel(const std::string& path, bool wait_at_start) {
    return std::make_unique<PortChannel>(
        *reactor_, PortChannel::Options{
                       .path = path,
                       .description = "isa-serial " + path,
                       .open = platform::open_serial_line,
                       .wait_at_start = wait_at_start,
                       .end_means_host_closed = false,
                       .report = [this](const std::string& text) { reports_ += text + "\n"; }});
  }

  void until(const std::function<bool()>& condition) { run_until(loop_, condition); }

  // The channel flushes the input that arrived before it opened the line, as qemu-ga does. A test
  // therefore writes after this.
  void until_open_again() {
    until([this] { return reports_.find("is open again") != std::string::npos; });
  }

  asio::io_context loop_;
  std::unique_ptr<Reactor> reactor_;
  RecordingHandler handler_;
  std::string reports_;
};

TEST_F(PortChannelTest, CarriesEveryByteUnchangedOverASerialLine) {
  const Line line;
  const auto port = channel(line.path(), false);
  ASSERT_TRUE(port->start(handler_));
  const std::string request("\xFF{\x03\x04\x11\x13\r\n\x7F}", 10);
  line.write(request);
  until([&] { return handler_.received.size() == request.size(); });
  EXPECT_EQ(handler_.received, request);
  std::string reply = "\xFFok\r\n";
  port->send(reply);
  EXPECT_EQ(line.read(), "\xFFok\r\n");
}

TEST_F(PortChannelTest, FailsToStartWithoutThePort) {
  const auto port = channel("/nonexistent/port", false);
  const Result<void> started = port->start(handler_);
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().message,
            "cannot open serial line '/nonexistent/port': No such file or directory");
}

TEST_F(PortChannelTest, RejectsAFileThatIsNoSerialLine) {
  const TemporaryDirectory directory;
  const platform::Handle file(::open(directory.path("plain").c_str(), O_CREAT | O_RDWR, 0600));
  const auto opened = platform::open_serial_line(directory.path("plain"));
  ASSERT_FALSE(opened);
  EXPECT_NE(opened.error().message.find("is it a serial line"), std::string::npos);
}

TEST_F(PortChannelTest, RejectsAFileThatIsNoVirtioPort) {
  const TemporaryDirectory directory;
  const platform::Handle file(::open(directory.path("plain").c_str(), O_CREAT | O_RDWR, 0600));
  const auto opened = platform::open_virtio_port(directory.path("plain"));
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().message, "cannot open virtio-serial port '" + directory.path("plain") +
                                        "': it is not a character device");
  EXPECT_TRUE(platform::open_virtio_port("/dev/null"));
}

TEST_F(PortChannelTest, WaitsForAPortAndItsParentDirectories) {
  const Line line;
  const TemporaryDirectory directory;
  const std::string path = directory.path("ports/deep/name");
  const auto port = channel(path, true);
  ASSERT_TRUE(port->start(handler_));
  EXPECT_NE(reports_.find("waiting for it to appear"), std::string::npos);
  std::filesystem::create_directories(directory.path("ports/deep"));
  loop_.restart();
  loop_.poll();
  std::filesystem::create_symlink(line.path(), path);
  until_open_again();
  line.write("hello");
  until([&] { return handler_.received == "hello"; });
}

TEST_F(PortChannelTest, ReopensALostPort) {
  auto first = std::make_unique<Line>();
  const TemporaryDirectory directory;
  const std::string path = directory.path("port");
  std::filesystem::create_symlink(first->path(), path);
  const auto port = channel(path, false);
  ASSERT_TRUE(port->start(handler_));
  first->write("one ");
  until([&] { return handler_.received == "one "; });

  std::filesystem::remove(path);
  first.reset();
  until([&] { return handler_.disconnections == 1; });
  EXPECT_NE(reports_.find("is lost"), std::string::npos);

  const Line second;
  std::filesystem::create_symlink(second.path(), path);
  until_open_again();
  second.write("two");
  until([&] { return handler_.received == "one two"; });
}

// A socket in place of a virtio-serial port: both report the end of input when the host closes.
TEST_F(PortChannelTest, DropsUnsentOutputWhenTheHostCloses) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends.data()), 0);
  const platform::Handle host(ends[0]);
  PortChannel port(
      *reactor_, PortChannel::Options{.path = "port",
                                      .description = "virtio-serial port",
                                      .open = [&](const std::string&) -> Result<platform::Handle> {
                                        return platform::Handle(ends[1]);
                                      },
                                      .wait_at_start = false,
                                      .end_means_host_closed = true,
                                      .report = {}});
  ASSERT_TRUE(port.start(handler_));
  std::string reply(8 * 1024 * 1024, 'r');
  port.send(reply);
  EXPECT_GT(port.unsent(), 0U);
  ASSERT_EQ(::shutdown(host.get(), SHUT_WR), 0);
  until([&] { return handler_.disconnections == 1; });
  EXPECT_EQ(port.unsent(), 0U);
}

// A FIFO in place of the input of a virtio-serial port: both report a hang-up without a host.
class VirtioPortTest : public PortChannelTest {
 protected:
  VirtioPortTest() : path_(directory_.path("port")) {
    EXPECT_EQ(::mkfifo(path_.c_str(), 0600), 0);
    port_ = std::make_unique<PortChannel>(
        *reactor_, PortChannel::Options{.path = path_,
                                        .description = "virtio-serial " + path_,
                                        .open = open_for_reading,
                                        .wait_at_start = false,
                                        .end_means_host_closed = true,
                                        .report = [](const std::string&) {}});
    EXPECT_TRUE(port_->start(handler_));
  }

  static Result<platform::Handle> open_for_reading(const std::string& path) {
    return platform::Handle(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  }
  platform::Handle host() const {
    return platform::Handle(::open(path_.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC));
  }
  void write(const platform::Handle& host, std::string_view text) {
    EXPECT_EQ(::write(host.get(), text.data(), text.size()), std::ssize(text));
  }
  void until_received(std::string_view text) {
    until([this, text] { return handler_.received == text; });
  }
  // A host connects, writes "one " and disconnects, and the channel has noticed all of this.
  void serve_first_host() {
    platform::Handle first = host();
    write(first, "one ");
    until_received("one ");
    first.reset();
    until([this] { return handler_.disconnections == 1; });
  }

  TemporaryDirectory directory_;
  std::string path_;
  std::unique_ptr<PortChannel> port_;
};

TEST_F(VirtioPortTest, KeepsAHostWhoseInputArrivesBeforeItsConnect) {
  serve_first_host();
  platform::Handle second = host();
  write(second, "two ");
  // The agent cannot distinguish this from a host whose connect the kernel has not reported yet.
  second.reset();
  until_received("one two ");
  second = host();
  write(second, "three");
  until_received("one two three");
  EXPECT_EQ(handler_.disconnections, 1);
}

TEST_F(VirtioPortTest, DisconnectsAHostWhoseConnectIsNeverReported) {
  serve_first_host();
  platform::Handle second = host();
  write(second, "two");
  second.reset();
  until_received("one two");
  EXPECT_EQ(handler_.disconnections, 1);
  until([this] { return handler_.disconnections == 2; });
}

TEST_F(VirtioPortTest, ReadsBufferedInputAfterTheHostHasDisconnected) {
  platform::Handle first = host();
  handler_.accepts_input = false;
  write(first, "one");
  first.reset();
  until([this] { return handler_.disconnections == 1; });
  EXPECT_EQ(handler_.received, "");
  handler_.accepts_input = true;
  until_received("one");
}

TEST_F(PortChannelTest, RetriesToOpenAPort) {
  const Line line;
  int attempts = 0;
  PortChannel port(
      *reactor_,
      PortChannel::Options{.path = line.path(),
                           .description = "isa-serial " + line.path(),
                           .open = [&](const std::string& path) -> Result<platform::Handle> {
                             if (++attempts < 4) return system_failure(ENXIO, "cannot open it");
                             return platform::open_serial_line(path);
                           },
                           .wait_at_start = true,
                           .end_means_host_closed = false,
                           .retry_interval = std::chrono::milliseconds(1),
                           .report = [this](const std::string& text) { reports_ += text + "\n"; }});
  ASSERT_TRUE(port.start(handler_));
  until_open_again();
  EXPECT_EQ(attempts, 4);
}

TEST_F(PortChannelTest, DropsRepliesWithoutAPort) {
  const auto port = channel("/nonexistent/port", true);
  ASSERT_TRUE(port->start(handler_));
  std::string reply = "lost";
  port->send(reply);
  EXPECT_EQ(port->unsent(), 0U);
  EXPECT_EQ(reply, "");
}

TEST_F(PortChannelTest, RestoresAPort) {
  const Line line;
  auto port = *platform::open_serial_line(line.path());
  line.write("sent before");
  PortChannel channel(
      *reactor_, {.path = "/none/such",
                  .description = "isa-serial",
                  .open = platform::open_serial_line,
                  .report = [this](const std::string& text) { reports_ += text + "\n"; },
                  .restored = RestoredClient{.descriptor = std::move(port), .unsent = "the rest"}});
  ASSERT_TRUE(channel.start(handler_));
  EXPECT_EQ(line.read(), "the rest");
  until([&] { return handler_.received == "sent before"; });
  EXPECT_GE(channel.snapshot().client, 0);
  EXPECT_EQ(channel.snapshot().listener, -1);
}

}  // namespace
}  // namespace bellhop::channel
