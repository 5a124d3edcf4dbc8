// SPDX-License-Identifier: Apache-2.0
// Destinations of log records: an fd, syslog, the journal.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/error.h"

namespace bellhop::platform {

// From the most to the least severe.
enum class LogLevel { error, critical, warning, message, info, debug };

// The name of a level in logs.
constexpr std::string_view log_level_name(LogLevel level) {
  switch (level) {
    case LogLevel::error:
      return "error";
    case LogLevel::critical:
      return "critical";
    case LogLevel::warning:
      return "warning";
    case LogLevel::message:
      return "message";
    case LogLevel::info:
      return "info";
    case LogLevel::debug:
      return "debug";
  }
  return "";
}

// An additional field of a record. Names follow the rules of the journal: capital letters, digits
// and '_', starting with a letter.
struct LogField {
  std::string_view name;
  std::string_view value;
};

struct LogRecord {
  LogLevel level;
  std::string_view message;
  std::chrono::system_clock::time_point time;
  std::span<const LogField> fields = {};
};

// Writes records. Thread-safe. Drops records that cannot be written: a failing log must not stop
// the agent.
class LogOutput {
 public:
  virtual ~LogOutput() = default;
  virtual void write(const LogRecord& record) = 0;
};

// Appends a record to `text` as one or more lines, each terminated by a line feed.
using LogFormatter = std::function<void(std::string& text, const LogRecord& record)>;

// Writes each record with one call, so that the lines of several writers do not mix.
std::unique_ptr<LogOutput> standard_error_log(LogFormatter formatter);
// The same, appending to a file, which is created with mode 0666 less the umask. Errors: `unable to
// open specified log file '/x': …`.
Result<std::unique_ptr<LogOutput>> open_log_file(const std::string& path, LogFormatter formatter);

// Syslog: one datagram per record, facility user (RFC 3164, section 4.1), with control characters
// escaped. Connects when there is something to send. Never blocks: drops records while no service
// receives them.
std::unique_ptr<LogOutput> syslog_log(std::string identifier, std::string socket = "/dev/log");

// The journal, with fields (https://systemd.io/JOURNAL_NATIVE_PROTOCOL/). Connects and drops
// records as syslog_log() does.
std::unique_ptr<LogOutput> journal_log(std::string identifier,
                                       std::string socket = "/run/systemd/journal/socket");

}  // namespace bellhop::platform
