#include "agent/log.h"

#include <chrono>

#include "agent/log_format.h"

namespace bellhop::agent {

Log::Log(Level level, std::unique_ptr<platform::LogOutput> output,
         std::unique_ptr<platform::LogOutput> audit_output)
    : level_(level), output_(std::move(output)), audit_output_(std::move(audit_output)) {}

bool Log::writes(Level level) const {
  return level <= level_ && enabled_.load(std::memory_order_relaxed);
}

void Log::write(Level level, std::string_view message, std::span<const Field> fields) {
  if (!writes(level)) return;
  const SharedLock lock(mutex_);
  if (!enabled_) return;
  output_->write({level, message, std::chrono::system_clock::now(), fields});
}

void Log::audit(std::string_view message, std::span<const Field> fields) {
  const SharedLock lock(mutex_);
  if (!enabled_) return;
  platform::LogOutput& output = audit_output_ ? *audit_output_ : *output_;
  output.write({Level::info, message, std::chrono::system_clock::now(), fields});
}

void Log::disable() {
  const ExclusiveLock lock(mutex_);
  enabled_ = false;
}

void Log::enable() {
  const ExclusiveLock lock(mutex_);
  enabled_ = true;
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
