// SPDX-License-Identifier: Apache-2.0
#include "platform/log/log_output.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>

#include "platform/io/handle.h"
#include "unit/temporary_directory.h"

namespace bellhop::platform {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;

// A fake log service.
class Service {
 public:
  explicit Service(const std::string& path) : fd_(::socket(AF_UNIX, SOCK_DGRAM, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
    ::unlink(path.c_str());
    bound_ = ::bind(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  }
  bool bound() const { return bound_; }

  // The next datagram, or "(none)".
  std::string next() {
    std::string text(256 * 1024, '\0');
    const ssize_t size = ::recv(fd_.get(), text.data(), text.size(), MSG_DONTWAIT);
    if (size < 0) return "(none)";
    text.resize(static_cast<std::size_t>(size));
    return text;
  }

 private:
  Handle fd_;
  bool bound_ = false;
};

LogRecord record(LogLevel level, std::string_view message, std::span<const LogField> fields = {}) {
  return {level, message, std::chrono::system_clock::now(), fields};
}

class LogServiceTest : public testing::Test {
 protected:
  TemporaryDirectory directory_;
  const std::string path_ = directory_.path("log");
};

TEST_F(LogServiceTest, ReceivesLinesInSyslogFormat) {
  Service service(path_);
  ASSERT_TRUE(service.bound());
  const auto log = syslog_log("qemu-ga", path_);
  log->write(record(LogLevel::info, "guest-ping called"));
  EXPECT_THAT(service.next(),
              MatchesRegex("<14>[A-Z][a-z][a-z] [ 0-9][0-9] [0-9]{2}:[0-9]{2}:[0-9]{2} qemu-ga: "
                           "info: guest-ping called"));
  log->write(record(LogLevel::critical, "x"));
  EXPECT_THAT(service.next(), HasSubstr("<10>"));
}

TEST_F(LogServiceTest, ReceivesEscapedControlCharactersInSyslogFormat) {
  Service service(path_);
  ASSERT_TRUE(service.bound());
  syslog_log("b", path_)->write(record(LogLevel::info, "a\n<10>c\x1b"));
  EXPECT_THAT(service.next(), testing::EndsWith(" b: info: a\\n<10>c\\x1b"));
}

TEST_F(LogServiceTest, ReceivesFieldsInJournalFormat) {
  Service service(path_);
  ASSERT_TRUE(service.bound());
  const LogField fields[] = {{"COMMAND", "guest-exec"}};
  journal_log("bellhopd", path_)->write(record(LogLevel::warning, "x y", fields));
  EXPECT_EQ(service.next(),
            "PRIORITY=4\nSYSLOG_IDENTIFIER=bellhopd\nCOMMAND=guest-exec\nMESSAGE=x y\n");
}

TEST_F(LogServiceTest, ReceivesSeveralLinesAsOneField) {
  Service service(path_);
  ASSERT_TRUE(service.bound());
  const LogField fields[] = {{"COMMAND", "a\nPRIORITY=0"}};
  journal_log("b", path_)->write(record(LogLevel::error, "c\nd", fields));
  EXPECT_EQ(service.next(), "PRIORITY=3\nSYSLOG_IDENTIFIER=b\nCOMMAND\n" +
                                std::string("\x0c\0\0\0\0\0\0\0", 8) +
                                "a\nPRIORITY=0\nMESSAGE=c\\nd\n");
}

TEST_F(LogServiceTest, MayStopAndRestart) {
  const auto log = syslog_log("b", path_);
  log->write(record(LogLevel::error, "lost"));
  {
    Service first(path_);
    log->write(record(LogLevel::error, "one"));
    EXPECT_THAT(first.next(), HasSubstr("one"));
  }
  log->write(record(LogLevel::error, "lost"));
  Service second(path_);
  log->write(record(LogLevel::error, "two"));
  EXPECT_THAT(second.next(), HasSubstr("two"));
}

TEST_F(LogServiceTest, DoesNotBlockTheWriterWhenItDoesNotRead) {
  Service service(path_);
  ASSERT_TRUE(service.bound());
  const auto log = syslog_log("b", path_);
  for (int i = 0; i < 5000; ++i) log->write(record(LogLevel::error, "x"));
  EXPECT_THAT(service.next(), HasSubstr("error: x"));
}

TEST_F(LogServiceTest, ReceivesTruncatedLongRecords) {
  Service service(path_);
  ASSERT_TRUE(service.bound());
  const std::string huge(1'000'000, 'x');
  syslog_log("b", path_)->write(record(LogLevel::error, huge));
  EXPECT_EQ(service.next().size(), 8u * 1024);
  const LogField fields[] = {{"COMMAND", huge}};
  journal_log("b", path_)->write(record(LogLevel::error, huge, fields));
  const std::string entry = service.next();
  EXPECT_THAT(entry, HasSubstr("\nMESSAGE=x"));
  EXPECT_LT(entry.size(), 128u * 1024);
}

}  // namespace
}  // namespace bellhop::platform
