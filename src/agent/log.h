// SPDX-License-Identifier: Apache-2.0
// The agent's log.
#pragma once

#include <fmt/format.h>

#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/mutex.h"
#include "config/settings.h"
#include "platform/log/log_output.h"
#include "state/snapshot.h"

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

  // Writes a record for the guest's administrator: to `audit_output` at every level, and to the log
  // at its level.
  void audit(Level level, std::string_view message, std::span<const Field> fields = {});

  // Writes a record with fields, which appear in the journal and in JSON.
  void write(Level level, std::string_view message, std::span<const Field> fields = {});

  // True if records of that level are written.
  bool writes(Level level) const { return level <= level_; }

  // While disabled, records are kept in memory, because a write to a frozen filesystem blocks.
  // disable() returns when no record is being written. enable() writes the kept records, at most
  // the latest `max_kept`, with the time at which each of them was made.
  static constexpr std::size_t max_kept = 1000;
  void disable();
  void enable();

  // The kept records, for the successor of a live upgrade.
  void snapshot(state::SnapshotWriter& writer);
  void restore(state::Snapshot& snapshot);

  // Replaces the output. For the log file, which could not be opened while frozen.
  void set_output(std::unique_ptr<platform::LogOutput> output);

 private:
  template <class... Args>
  void report(Level level, Format<Args...> format, Args&&... args) {
    if (writes(level)) write(level, fmt::format(format, std::forward<Args>(args)...));
  }

  // A record that owns its texts.
  struct KeptRecord {
    Level level;
    std::string message;
    std::chrono::system_clock::time_point time;
    std::vector<std::pair<std::string, std::string>> fields;
    bool is_audit;
  };

  void submit(const platform::LogRecord& record, bool is_audit);
  void output(const platform::LogRecord& record, bool is_audit) REQUIRES_SHARED(mutex_);

  const Level level_;
  // Shared by writers; exclusive to change output_ or enabled_. Held while a record is written,
  // which may block on the log's disk.
  SharedMutex mutex_;
  bool enabled_ GUARDED_BY(mutex_) = true;
  std::unique_ptr<platform::LogOutput> output_ GUARDED_BY(mutex_);
  const std::unique_ptr<platform::LogOutput> audit_output_;
  Mutex kept_mutex_;  // locked after mutex_
  std::deque<KeptRecord> kept_ GUARDED_BY(kept_mutex_);
  std::uint64_t dropped_ GUARDED_BY(kept_mutex_) = 0;
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
