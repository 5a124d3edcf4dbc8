// SPDX-License-Identifier: Apache-2.0
#include <cerrno>
#include <cstdio>
#include <memory>
#include <utility>

#include "platform/log/log_output.h"

namespace bellhop::platform {
namespace {

using File = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;

class FileLog final : public LogOutput {
 public:
  FileLog(std::FILE* file, File owned, LogFormatter formatter)
      : file_(file), owned_(std::move(owned)), formatter_(std::move(formatter)) {}

  // The standard library locks the file for each call.
  void write(const LogRecord& record) override {
    std::string text;
    formatter_(text, record);
    std::fwrite(text.data(), 1, text.size(), file_);
    std::fflush(file_);
  }

 private:
  std::FILE* file_;
  File owned_;
  LogFormatter formatter_;
};

// This system has neither syslog nor the journal.
class NoLog final : public LogOutput {
 public:
  void write(const LogRecord&) override {}
};

}  // namespace

std::unique_ptr<LogOutput> standard_error_log(LogFormatter formatter) {
  return std::make_unique<FileLog>(stderr, File(nullptr, &std::fclose), std::move(formatter));
}

Result<std::unique_ptr<LogOutput>> open_log_file(const std::string& path, LogFormatter formatter) {
  File file(std::fopen(path.c_str(), "ab"), &std::fclose);
  if (!file) return system_failure(errno, "unable to open specified log file '{}'", path);
  std::FILE* const stream = file.get();
  return std::make_unique<FileLog>(stream, std::move(file), std::move(formatter));
}

std::unique_ptr<LogOutput> syslog_log(std::string, std::string) {
  return std::make_unique<NoLog>();
}

std::unique_ptr<LogOutput> journal_log(std::string, std::string) {
  return std::make_unique<NoLog>();
}

}  // namespace bellhop::platform
