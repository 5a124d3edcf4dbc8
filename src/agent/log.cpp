// SPDX-License-Identifier: Apache-2.0
#include "agent/log.h"

#include <fmt/chrono.h>

#include "agent/log_format.h"

namespace bellhop::agent {
namespace {

constexpr std::string_view log_record = "log-record";

}  // namespace

Log::Log(Level level, std::unique_ptr<platform::LogOutput> output,
         std::unique_ptr<platform::LogOutput> audit_output)
    : level_(level), output_(std::move(output)), audit_output_(std::move(audit_output)) {}

void Log::write(Level level, std::string_view message, std::span<const Field> fields) {
  if (writes(level)) submit({level, message, std::chrono::system_clock::now(), fields}, false);
}

void Log::audit(Level level, std::string_view message, std::span<const Field> fields) {
  submit({level, message, std::chrono::system_clock::now(), fields}, true);
}

void Log::submit(const platform::LogRecord& record, bool is_audit) {
  const SharedLock lock(mutex_);
  if (enabled_) return output(record, is_audit);
  const MutexLock kept_lock(kept_mutex_);
  kept_.push_back({record.level, std::string(record.message), record.time, {}, is_audit});
  for (const Field& field : record.fields)
    kept_.back().fields.emplace_back(field.name, field.value);
  if (kept_.size() <= max_kept) return;
  kept_.pop_front();
  ++dropped_;
}

void Log::output(const platform::LogRecord& record, bool is_audit) {
  if (is_audit && audit_output_) audit_output_->write(record);
  if (writes(record.level) || (is_audit && !audit_output_)) output_->write(record);
}

void Log::disable() {
  const ExclusiveLock lock(mutex_);
  enabled_ = false;
}

// The text has the time, too: the journal shows when it received a record.
void Log::enable() {
  const ExclusiveLock lock(mutex_);
  const MutexLock kept_lock(kept_mutex_);
  enabled_ = true;
  if (const auto dropped = std::exchange(dropped_, 0)) {
    const std::string text = fmt::format("{} older log records were dropped while frozen", dropped);
    output({Level::warning, text, std::chrono::system_clock::now()}, true);
  }
  for (const KeptRecord& kept : std::exchange(kept_, {})) {
    std::vector<Field> fields;
    fields.reserve(kept.fields.size());
    for (const auto& [name, value] : kept.fields) fields.push_back({name, value});
    const std::string text =
        fmt::format("{} (at {:%Y-%m-%dT%H:%M:%SZ}, while frozen)", kept.message,
                    fmt::gmtime(std::chrono::system_clock::to_time_t(kept.time)));
    output({kept.level, text, kept.time, fields}, kept.is_audit);
  }
}

void Log::snapshot(state::SnapshotWriter& writer) {
  const MutexLock lock(kept_mutex_);
  for (const KeptRecord& kept : kept_) {
    writer.begin(log_record);
    writer.number("level", static_cast<std::int64_t>(kept.level));
    writer.text("message", kept.message);
    writer.time("time", kept.time);
    writer.flag("audit", kept.is_audit);
    for (std::size_t i = 0; i < kept.fields.size(); ++i) {
      writer.text(fmt::format("name-{}", i), kept.fields[i].first);
      writer.text(fmt::format("value-{}", i), kept.fields[i].second);
    }
  }
}

void Log::restore(state::Snapshot& snapshot) {
  const MutexLock lock(kept_mutex_);
  for (const state::SnapshotRecord* record : snapshot.take(log_record)) {
    const auto level = record->number("level").value_or(-1);
    const bool is_level = level >= 0 && level <= static_cast<std::int64_t>(Level::debug);
    KeptRecord kept{.level = is_level ? static_cast<Level>(level) : Level::info,
                    .message = std::string(record->text("message").value_or("")),
                    .time = record->time<std::chrono::system_clock::time_point>("time").value_or(
                        std::chrono::system_clock::now()),
                    .fields = {},
                    .is_audit = record->flag("audit")};
    for (std::size_t i = 0; const auto name = record->text(fmt::format("name-{}", i)); ++i) {
      kept.fields.emplace_back(*name, record->text(fmt::format("value-{}", i)).value_or(""));
    }
    kept_.push_back(std::move(kept));
  }
}

void Log::set_output(std::unique_ptr<platform::LogOutput> output) {
  const ExclusiveLock lock(mutex_);
  output_ = std::move(output);
}

Result<std::unique_ptr<platform::LogOutput>> open_log_output(const config::Settings& settings,
                                                             std::string_view identifier,
                                                             bool deferred) {
  const auto formatter =
      settings.log.format == config::LogFormat::json ? append_json_line : append_text_line;
  switch (settings.log.target) {
    case config::LogTarget::syslog:
      return platform::syslog_log(std::string(identifier));
    case config::LogTarget::journal:
      return platform::journal_log(std::string(identifier));
    case config::LogTarget::file:
      if (!deferred) return platform::open_log_file(settings.log_file.value_or(""), formatter);
      break;
    case config::LogTarget::standard_error:
      break;
  }
  return platform::standard_error_log(formatter);
}

std::unique_ptr<platform::LogOutput> open_audit_output(const config::Settings& settings,
                                                       std::string_view identifier) {
  const config::LogTarget target = settings.log.target;
  if (target == config::LogTarget::syslog || target == config::LogTarget::journal) return nullptr;
  return platform::syslog_log(std::string(identifier));
}

}  // namespace bellhop::agent
