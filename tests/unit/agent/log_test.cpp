// SPDX-License-Identifier: Apache-2.0
#include "agent/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <functional>
#include <nlohmann/json.hpp>
#include <thread>

#include "agent/log_format.h"
#include "unit/state/reexec_fixture.h"
#include "unit/temporary_directory.h"

namespace bellhop::agent {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::MatchesRegex;

// Stores each message as "level: text NAME=value".
class Recorder : public platform::LogOutput {
 public:
  explicit Recorder(std::vector<std::string>& lines) : lines_(lines) {}
  void write(const platform::LogRecord& record) override {
    lines_.push_back(fmt::format("{}: {}", platform::log_level_name(record.level), record.message));
    for (const auto& [name, value] : record.fields) {
      lines_.back() += fmt::format(" {}={}", name, value);
    }
  }

 private:
  std::vector<std::string>& lines_;
};

class LogTest : public ::testing::Test {
 protected:
  void log_at_every_level(Log& log) {
    log.error("{}", 1);
    log.critical("{}", 2);
    log.warning("{}", 3);
    log.message("{}", 4);
    log.info("{}", 5);
    log.debug("{}", 6);
  }
  std::vector<std::string> lines_;
  std::vector<std::string> audit_;
};

TEST_F(LogTest, OmitsMessagesBelowItsLevel) {
  Log log(Log::Level::critical, std::make_unique<Recorder>(lines_));
  log_at_every_level(log);
  EXPECT_THAT(lines_, ElementsAre("error: 1", "critical: 2"));
  EXPECT_FALSE(log.writes(Log::Level::warning));
}

TEST_F(LogTest, WritesEverythingAtDebugLevel) {
  Log log(Log::Level::debug, std::make_unique<Recorder>(lines_));
  log_at_every_level(log);
  EXPECT_THAT(lines_, ElementsAre("error: 1", "critical: 2", "warning: 3", "message: 4", "info: 5",
                                  "debug: 6"));
}

TEST_F(LogTest, KeepsRecordsWhileDisabled) {
  Log log(Log::Level::warning, std::make_unique<Recorder>(lines_),
          std::make_unique<Recorder>(audit_));
  log.disable();
  log.error("{}", 1);
  log.info("{}", 2);
  log.audit(Log::Level::info, "used");
  EXPECT_THAT(lines_, IsEmpty());
  EXPECT_THAT(audit_, IsEmpty());
  log.enable();
  log.warning("again");
  const std::string time = R"( \(at [0-9-]{10}T[0-9:]{8}Z, while frozen\))";
  EXPECT_THAT(lines_, ElementsAre(MatchesRegex("error: 1" + time), "warning: again"));
  EXPECT_THAT(audit_, ElementsAre(MatchesRegex("info: used" + time)));
  log.disable();
  log.enable();
  EXPECT_EQ(lines_.size(), 2u);
}

TEST_F(LogTest, KeepsTheTimeAndTheFieldsOfRecordsWhileDisabled) {
  std::vector<platform::LogRecord> records;
  std::string fields;
  struct Output : platform::LogOutput {
    explicit Output(std::function<void(const platform::LogRecord&)> function)
        : write_(std::move(function)) {}
    void write(const platform::LogRecord& record) override { write_(record); }
    std::function<void(const platform::LogRecord&)> write_;
  };
  Log log(Log::Level::error, std::make_unique<Output>([&](const platform::LogRecord& record) {
            records.push_back({record.level, {}, record.time});
            for (const auto& [name, value] : record.fields)
              fields += fmt::format("{}={}", name, value);
          }));
  log.disable();
  const Log::Field kept[] = {{"COMMAND", "guest-ping"}};
  log.write(Log::Level::error, "x", kept);
  const auto after = std::chrono::system_clock::now();
  log.enable();
  ASSERT_EQ(records.size(), 1u);
  EXPECT_LE(records.front().time, after);
  EXPECT_EQ(fields, "COMMAND=guest-ping");
}

TEST_F(LogTest, DropsTheOldestRecordsWhenItKeepsTooMany) {
  Log log(Log::Level::error, std::make_unique<Recorder>(lines_));
  log.disable();
  for (std::size_t i = 0; i < Log::max_kept + 2; ++i) log.error("{}", i);
  log.enable();
  ASSERT_EQ(lines_.size(), Log::max_kept + 1);
  EXPECT_EQ(lines_.front(), "warning: 2 older log records were dropped while frozen");
  EXPECT_THAT(lines_[1], ::testing::StartsWith("error: 2 (at "));
}

TEST_F(LogTest, AuditsAtEveryLevel) {
  Log log(Log::Level::error, std::make_unique<Recorder>(lines_),
          std::make_unique<Recorder>(audit_));
  log.audit(Log::Level::info, "guest-exec called");
  EXPECT_THAT(lines_, IsEmpty());
  EXPECT_THAT(audit_, ElementsAre("info: guest-exec called"));
}

TEST_F(LogTest, AuditsToTheLogTooAtItsLevel) {
  Log log(Log::Level::warning, std::make_unique<Recorder>(lines_),
          std::make_unique<Recorder>(audit_));
  log.audit(Log::Level::info, "served");
  log.audit(Log::Level::warning, "refused");
  EXPECT_THAT(lines_, ElementsAre("warning: refused"));
  EXPECT_THAT(audit_, ElementsAre("info: served", "warning: refused"));
}

TEST_F(LogTest, AuditsToTheLogWithoutAnAuditOutput) {
  Log log(Log::Level::error, std::make_unique<Recorder>(lines_));
  log.audit(Log::Level::info, "used");
  EXPECT_THAT(lines_, ElementsAre("info: used"));
}

TEST_F(LogTest, SwitchesToAnotherOutput) {
  Log log(Log::Level::error, std::make_unique<Recorder>(lines_));
  log.set_output(std::make_unique<Recorder>(audit_));
  log.error("there");
  EXPECT_THAT(lines_, IsEmpty());
  EXPECT_THAT(audit_, ElementsAre("error: there"));
}

platform::LogRecord record(std::string_view message,
                           std::span<const platform::LogField> fields = {}) {
  using namespace std::chrono;
  return {platform::LogLevel::critical, message,
          system_clock::time_point(
              duration_cast<system_clock::duration>(microseconds(1795415014218712))),
          fields};
}

std::string text_line(std::string_view message) {
  std::string text;
  append_text_line(text, record(message));
  return text;
}

TEST(LogLine, HasTheFormatOfQemuGa) {
  EXPECT_EQ(text_line("x y"), "1795415014.218712: critical: x y\n");
}

TEST(LogLine, HasSixDigitsOfMicroseconds) {
  std::string text;
  append_text_line(text,
                   {platform::LogLevel::debug, "x",
                    std::chrono::system_clock::time_point(std::chrono::microseconds(1000042))});
  EXPECT_EQ(text, "1.000042: debug: x\n");
}

TEST(LogLine, EscapesControlCharacters) {
  EXPECT_EQ(text_line("a\n1.000000: error: b"),
            "1795415014.218712: critical: a\\n1.000000: error: b\n");
  EXPECT_EQ(text_line("\x1b[31m\tä\x7f\r"),
            "1795415014.218712: critical: \\x1b[31m\tä\\x7f\\x0d\n");
}

TEST(LogLine, IsAJsonObject) {
  const platform::LogField fields[] = {{"COMMAND", "guest-ping"}};
  std::string text;
  append_json_line(text, record("a\n\"b\"", fields));
  EXPECT_EQ(text.find('\n'), text.size() - 1);
  EXPECT_EQ(nlohmann::json::parse(text), nlohmann::json::parse(R"({
    "time": "2026-11-23T06:23:34.218712Z", "level": "critical", "message": "a\n\"b\"",
    "command": "guest-ping"})"));
}

config::Settings to_file(const std::string& path) {
  config::Settings settings;
  settings.log_file = path;
  settings.log.target = config::LogTarget::file;
  return settings;
}

TEST(LogFile, IsAppendedTo) {
  const TemporaryDirectory directory;
  const std::string path = directory.file("log", "before\n");
  auto output = open_log_output(to_file(path), "bellhopd");
  ASSERT_TRUE(output);
  (*output)->write(record("x"));
  EXPECT_EQ(directory.content("log"), "before\n1795415014.218712: critical: x\n");
}

TEST(LogFile, IsCreatedWithTheUmask) {
  const TemporaryDirectory directory;
  const mode_t before = ::umask(022);
  EXPECT_TRUE(open_log_output(to_file(directory.path("log")), "bellhopd"));
  ::umask(before);
  struct stat status{};
  ASSERT_EQ(::stat(directory.path("log").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777u, 0644u);
}

TEST(LogFile, ReportsWhyItCannotBeOpened) {
  const TemporaryDirectory directory;
  const auto output = open_log_output(to_file(directory.path("no/log")), "bellhopd");
  ASSERT_FALSE(output);
  EXPECT_THAT(output.error().message, ::testing::EndsWith("': No such file or directory"));
}

TEST(LogFile, IsNotOpenedWhenDeferred) {
  const TemporaryDirectory directory;
  EXPECT_TRUE(open_log_output(to_file(directory.path("log")), "bellhopd", true));
  EXPECT_FALSE(std::filesystem::exists(directory.path("log")));
}

TEST(LogFile, DoesNotMixLinesOfSeveralThreads) {
  const TemporaryDirectory directory;
  auto output = open_log_output(to_file(directory.path("log")), "bellhopd");
  ASSERT_TRUE(output);
  Log log(Log::Level::debug, std::move(*output));
  {
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < 4; ++thread) {
      threads.emplace_back([&log] {
        for (int i = 0; i < 200; ++i) log.debug("{}", std::string(100, 'x'));
      });
    }
  }
  std::ifstream stream(directory.path("log"));
  int count = 0;
  for (std::string line; std::getline(stream, line); ++count) {
    EXPECT_THAT(line, ::testing::EndsWith(": debug: " + std::string(100, 'x')));
  }
  EXPECT_EQ(count, 800);
}

TEST(LogAudit, HasItsOwnOutputUnlessTheLogGoesToSyslogOrJournal) {
  config::Settings settings;
  EXPECT_NE(open_audit_output(settings, "x"), nullptr);
  settings.log.target = config::LogTarget::syslog;
  EXPECT_EQ(open_audit_output(settings, "x"), nullptr);
  settings.log.target = config::LogTarget::journal;
  EXPECT_EQ(open_audit_output(settings, "x"), nullptr);
}

TEST_F(LogTest, PassesKeptRecordsToTheSuccessor) {
  state::SnapshotWriter writer(platform::current_pid());
  {
    Log log(Log::Level::warning, std::make_unique<Recorder>(lines_));
    log.disable();
    const Log::Field fields[] = {{"COMMAND", "guest-exec"}};
    log.audit(Log::Level::info, "used", fields);
    log.warning("odd");
    log.snapshot(writer);
  }
  state::Snapshot snapshot = testing::reexec(writer, [] {});
  Log next(Log::Level::warning, std::make_unique<Recorder>(lines_),
           std::make_unique<Recorder>(audit_));
  next.disable();
  next.restore(snapshot);
  EXPECT_THAT(snapshot.close_rest(), IsEmpty());
  next.enable();
  EXPECT_THAT(audit_,
              ElementsAre(MatchesRegex("info: used .at .*Z, while frozen. COMMAND=guest-exec")));
  EXPECT_THAT(lines_, ElementsAre(MatchesRegex("warning: odd .at .*Z, while frozen.")));
}

}  // namespace
}  // namespace bellhop::agent
