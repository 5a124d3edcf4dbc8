// Where log records go: a descriptor, the system's log, the journal.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/error.h"

namespace bellhop::platform {

// From the gravest to the most talkative.
enum class LogLevel { error, critical, warning, message, info, debug };

// The word for a level in logs.
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

// A fact about a record, beside its text. Names are as the journal wants them: capital letters,
// digits and '_', a letter first.
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

// Takes records. May be used from any thread. What cannot be written is dropped: a log must not
// stop what it tells of.
class LogOutput {
 public:
  virtual ~LogOutput() = default;
  virtual void write(const LogRecord& record) = 0;
};

// Appends a record to a text as one line, or several, each ended by a line feed.
using LogFormatter = std::function<void(std::string& text, const LogRecord& record)>;

// Writes each record with one call, so that the lines of several writers do not mix.
std::unique_ptr<LogOutput> standard_error_log(LogFormatter formatter);
// The same, at the end of a file, which is created with mode 0666 less the umask.
Result<std::unique_ptr<LogOutput>> open_log_file(const std::string& path, LogFormatter formatter);

// The system's log: a datagram a record, facility user (RFC 3164, section 4.1). Connects when
// there is something to send; drops records while nobody takes them, without waiting.
std::unique_ptr<LogOutput> syslog_log(std::string identifier, std::string socket = "/dev/log");

// The journal, with fields (https://systemd.io/JOURNAL_NATIVE_PROTOCOL/). As above.
std::unique_ptr<LogOutput> journal_log(std::string identifier,
                                       std::string socket = "/run/systemd/journal/socket");

}  // namespace bellhop::platform
