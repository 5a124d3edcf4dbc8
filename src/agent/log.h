// The agent's log.
#pragma once

#include <fmt/format.h>

#include <atomic>
#include <memory>
#include <shared_mutex>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "config/settings.h"
#include "platform/log/log_output.h"

namespace bellhop::agent {

// Takes what is worth knowing, at six levels, and writes what is grave enough. May be used from
// any thread. By default only errors and critical records are written, as by qemu-ga.
class Log {
 public:
  using Level = platform::LogLevel;
  using Field = platform::LogField;
  template <class... Args>
  using Format = fmt::format_string<Args...>;

  // `audit_output` gets what audit() is told; without it, `output` does.
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

  // What clients had the agent do, for the guest's administrator: written at every level, as
  // `info`, to the system's log unless the log goes to the journal.
  void audit(std::string_view message, std::span<const Field> fields = {});

  // A record with facts beside its text; they show in the journal and in JSON.
  void write(Level level, std::string_view message, std::span<const Field> fields = {});

  // Whether records of that level are written. False for all while disabled.
  bool writes(Level level) const;

  // While disabled, records are dropped: nothing may be written to a frozen filesystem. Returns
  // when no record is being written any more.
  void disable();
  void enable();

  // From now on records go there; for the log file that could not be opened while frozen.
  void set_output(std::unique_ptr<platform::LogOutput> output);

 private:
  template <class... Args>
  void report(Level level, Format<Args...> format, Args&&... args) {
    if (writes(level)) write(level, fmt::format(format, std::forward<Args>(args)...));
  }

  const Level level_;
  std::atomic<bool> enabled_ = true;
  // Writers share it, whoever changes what follows or `enabled_` has it alone. Held while a record
  // is written, which may take as long as the log's disk does.
  std::shared_mutex mutex_;
  std::unique_ptr<platform::LogOutput> output_;
  const std::unique_ptr<platform::LogOutput> audit_output_;
};

// The log's output as the settings want it; `identifier` is the agent's name in shared logs.
// With `deferred`, standard error takes the place of a log file: its filesystem may be frozen.
Result<std::unique_ptr<platform::LogOutput>> open_log_output(const config::Settings& settings,
                                                             std::string_view identifier,
                                                             bool deferred = false);

// Where audit() writes: the system's log, or nullptr for the log's own output when that is the
// journal or the system's log already.
std::unique_ptr<platform::LogOutput> open_audit_output(const config::Settings& settings,
                                                       std::string_view identifier);

}  // namespace bellhop::agent
