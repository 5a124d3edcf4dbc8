// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <ctime>
#include <utility>

#include "base/mutex.h"
#include "base/text.h"
#include "platform/io/handle.h"
#include "platform/io/io_posix.h"
#include "platform/log/log_output.h"

namespace bellhop::platform {
namespace {

// A socket with the kernel's default buffer (net.core.wmem_default) refuses larger datagrams.
constexpr std::size_t max_datagram_bytes = 128 * 1024;
// Every syslog implementation accepts at least this size; longer messages are truncated.
constexpr std::size_t max_syslog_bytes = 8 * 1024;

int priority(LogLevel level) {
  switch (level) {
    case LogLevel::error:
      return LOG_ERR;
    case LogLevel::critical:
      return LOG_CRIT;
    case LogLevel::warning:
      return LOG_WARNING;
    case LogLevel::message:
      return LOG_NOTICE;
    case LogLevel::info:
      return LOG_INFO;
    case LogLevel::debug:
      return LOG_DEBUG;
  }
  return LOG_INFO;
}

class DescriptorLog : public LogOutput {
 public:
  DescriptorLog(int fd, Handle owned, LogFormatter formatter)
      : fd_(fd), owned_(std::move(owned)), formatter_(std::move(formatter)) {}

  void write(const LogRecord& record) override {
    std::string text;
    formatter_(text, record);
    static_cast<void>(write_all(fd_, text));  // what cannot be written is dropped
  }

 private:
  int fd_;
  Handle owned_;
  LogFormatter formatter_;
};

// Sends datagrams to the socket at a path, or drops them. Thread-safe.
class DatagramSocket {
 public:
  explicit DatagramSocket(std::string path) : path_(std::move(path)) {}

  // Reconnects once: a restarted log service has a new socket at the same path.
  void send(std::string_view bytes) {
    const MutexLock lock(mutex_);
    if (fd_ && try_send(bytes)) return;
    connect();
    if (fd_) try_send(bytes);
  }

 private:
  // Returns false when the connection is broken.
  bool try_send(std::string_view bytes) REQUIRES(mutex_) {
    const ssize_t sent = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent >= 0 || errno == EAGAIN || errno == ENOBUFS || errno == EMSGSIZE) return true;
    fd_.reset();
    return false;
  }

  void connect() REQUIRES(mutex_) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path_.size() >= sizeof address.sun_path) return;
    std::memcpy(address.sun_path, path_.data(), path_.size());
    Handle fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!fd) return;
    if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
      return;
    }
    fd_ = std::move(fd);
  }

  Mutex mutex_;  // no call under it can block
  const std::string path_;
  Handle fd_ GUARDED_BY(mutex_);
};

class SyslogLog : public LogOutput {
 public:
  SyslogLog(std::string identifier, std::string socket)
      : identifier_(std::move(identifier)), socket_(std::move(socket)) {}

  void write(const LogRecord& record) override {
    const std::time_t seconds = std::chrono::system_clock::to_time_t(record.time);
    std::tm local{};
    ::localtime_r(&seconds, &local);
    char stamp[32];
    // Month names are English: the agent does not set a locale.
    const std::size_t length = std::strftime(stamp, sizeof stamp, "%b %e %H:%M:%S", &local);
    std::string text =
        fmt::format("<{}>{} {}: {}: ", LOG_USER | priority(record.level),
                    std::string_view(stamp, length), identifier_, log_level_name(record.level));
    text::append_escaped(text, record.message);
    if (text.size() > max_syslog_bytes) text.resize(max_syslog_bytes);
    socket_.send(text);
  }

 private:
  const std::string identifier_;
  DatagramSocket socket_;
};

// Appends NAME=value; for a value of several lines: NAME, a line feed, the value's length as 8
// bytes in little endian, and the value.
void append_journal_field(std::string& text, std::string_view name, std::string_view value) {
  text += name;
  if (value.find('\n') == value.npos) {
    text += '=';
  } else {
    text += '\n';
    for (std::uint64_t i = 0, size = value.size(); i < 8; ++i) {
      text += static_cast<char>(static_cast<unsigned char>(size >> (8 * i)));
    }
  }
  text += value;
  text += '\n';
}

class JournalLog : public LogOutput {
 public:
  JournalLog(std::string identifier, std::string socket)
      : identifier_(std::move(identifier)), socket_(std::move(socket)) {}

  void write(const LogRecord& record) override {
    std::string text;
    append_journal_field(text, "PRIORITY", fmt::format("{}", priority(record.level)));
    append_journal_field(text, "SYSLOG_IDENTIFIER", identifier_);
    for (const LogField& field : record.fields) {
      append_journal_field(text, field.name, field.value.substr(0, max_datagram_bytes / 8));
    }
    const std::size_t room = max_datagram_bytes - std::min(text.size(), max_datagram_bytes / 2);
    std::string message;
    text::append_escaped(message, record.message.substr(0, room / 4));
    append_journal_field(text, "MESSAGE", message);
    socket_.send(text);
  }

 private:
  const std::string identifier_;
  DatagramSocket socket_;
};

}  // namespace

std::unique_ptr<LogOutput> standard_error_log(LogFormatter formatter) {
  return std::make_unique<DescriptorLog>(STDERR_FILENO, Handle(), std::move(formatter));
}

Result<std::unique_ptr<LogOutput>> open_log_file(const std::string& path, LogFormatter formatter) {
  Handle fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666));
  if (!fd) return system_failure(errno, "unable to open specified log file '{}'", path);
  const int number = fd.get();
  return std::make_unique<DescriptorLog>(number, std::move(fd), std::move(formatter));
}

std::unique_ptr<LogOutput> syslog_log(std::string identifier, std::string socket) {
  return std::make_unique<SyslogLog>(std::move(identifier), std::move(socket));
}

std::unique_ptr<LogOutput> journal_log(std::string identifier, std::string socket) {
  return std::make_unique<JournalLog>(std::move(identifier), std::move(socket));
}

}  // namespace bellhop::platform
