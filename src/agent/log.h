// The agent's log.
#pragma once

#include <fmt/format.h>

#include <atomic>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "base/mutex.h"
#include "config/settings.h"
#include "platform/log/log_output.h"

namespace bellhop::agent {

// Writes records of a level and of the more severe ones, of six levels. By default only errors and
// critical records, as qemu-ga. Thread-safe.
class Log {
 public:
  using Level = platform::LogLevel;
  using Field = platform::LogField;
  template <class... Args>
  using Format = fmt::format_string<Args...>;

  // `audit_output` receives the records of audit(); without it, `output` does.
  Log(Level level, std::unique_ptr<platform::LogOutput> output,
      std::unique_ptr<platform::LogOutput> audit_output = nullptr);

  template <class... Args>
  void error(Format<Args...> format, Args&&... args) {
    report(Level::error, format, std::forward<Args>(args)...);
  }
  template <class... Args>
  void critical(Format<Args...> format, Args&&... args) {
    report(Level::critical, format, std::forward<Args>(args)...);
  }
  template <class... Args>
  void warning(Format<Args...> format, Args&&... args) {
    report(Level::warning, format, std::forward<Args>(args)...);
  }
  template <class... Args>
  void message(Format<Args...> format, Args&&... args) {
    report(Level::message, format, std::forward<Args>(args)...);
  }
  template <class... Args>
  void info(Format<Args...> format, Args&&... args) {
    report(Level::info, format, std::forward<Args>(args)...);
  }
  template <class... Args>
  void debug(Format<Args...> format, Args&&... args) {
    report(Level::debug, format, std::forward<Args>(args)...);
  }

  // Logs a client's call for the guest's administrator. Written at every level, as `info`, to
  // `audit_output`; see open_audit_output().
  void audit(std::string_view message, std::span<const Field> fields = {});

  // Writes a record with fields, which appear in the journal and in JSON.
  void write(Level level, std::string_view message, std::span<const Field> fields = {});

  // True if records of that level are written. False for all levels while disabled.
  bool writes(Level level) const;

  // While disabled, records are dropped, because a write to a frozen filesystem blocks. disable()
  // returns when no record is being written.
  void disable();
  void enable();

  // Replaces the output. For the log file, which could not be opened while frozen.
  void set_output(std::unique_ptr<platform::LogOutput> output);

 private:
  template <class... Args>
  void report(Level level, Format<Args...> format, Args&&... args) {
    if (writes(level)) write(level, fmt::format(format, std::forward<Args>(args)...));
  }

  const Level level_;
  std::atomic<bool> enabled_ = true;
  // Shared by writers; exclusive to change output_ or enabled_. Held while a record is written,
  // which may block on the log's disk.
  SharedMutex mutex_;
  std::unique_ptr<platform::LogOutput> output_ GUARDED_BY(mutex_);
  const std::unique_ptr<platform::LogOutput> audit_output_;
};

// Opens the output that the settings select. `identifier` is the agent's name in shared logs.
// With `deferred`, standard error replaces a log file, whose filesystem may be frozen.
Result<std::unique_ptr<platform::LogOutput>> open_log_output(const config::Settings& settings,
                                                             std::string_view identifier,
                                                             bool deferred = false);

// The output of audit(): syslog, or nullptr if the log's own output is syslog or the journal.
std::unique_ptr<platform::LogOutput> open_audit_output(const config::Settings& settings,
                                                       std::string_view identifier);

}  // namespace bellhop::agent
