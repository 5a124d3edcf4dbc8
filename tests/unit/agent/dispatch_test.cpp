#include "agent/dispatch.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "unit/commands/command_fixture.h"
#include "wire/json_reader.h"
#include "wire/request.h"

namespace bellhop::agent {
namespace {

class DispatchTest : public testing::CommandTest {
 protected:
  // The reply to a request, also if it is rejected.
  std::string answer(std::string_view json) {
    const wire::Document document = *wire::parse(json);
    const wire::Request request = *wire::read_request(document);
    std::string out;
    const Command* const command = dispatcher.find(request.execute);
    if (const auto admitted = dispatcher.admit(command, request.execute); !admitted) {
      wire::append_error_reply(out, admitted.error(), request.id);
    } else {
      CommandContext context(services, caller);
      succeeded =
          dispatcher.execute(*command, request, context, out) == Dispatcher::Outcome::succeeded;
    }
    return out;
  }

  bool succeeded = false;
  Dispatcher dispatcher{services};
};

TEST_F(DispatchTest, RunsTheNamedCommand) {
  EXPECT_EQ(answer(R"({"execute": "guest-sync", "arguments": {"id": 7}, "id": [1]})"),
            "{\"return\": 7, \"id\": [1]}\n");
  EXPECT_TRUE(succeeded);
}

TEST_F(DispatchTest, SendsTheDelimiterOnlyBeforeASuccessReply) {
  EXPECT_EQ(answer(R"({"execute": "guest-sync-delimited", "arguments": {"id": 7}})"),
            "\xFF{\"return\": 7}\n");
  EXPECT_EQ(answer(R"({"execute": "guest-sync-delimited"})").front(), '{');
  EXPECT_FALSE(succeeded);
}

TEST_F(DispatchTest, RejectsUnknownCommands) {
  EXPECT_EQ(answer(R"({"execute": "guest-nonsense"})"),
            "{\"error\": {\"class\": \"CommandNotFound\", "
            "\"desc\": \"The command guest-nonsense has not been found\"}}\n");
}

TEST_F(DispatchTest, RejectsMostCommandsWhileFrozen) {
  const std::vector<std::string_view> home{"/home"};
  ASSERT_EQ(freeze.freeze(std::span(home)), 1);
  EXPECT_EQ(answer(R"({"execute": "guest-get-time"})"),
            "{\"error\": {\"class\": \"CommandNotFound\", \"desc\": "
            "\"Command guest-get-time has been disabled: the command is not allowed while "
            "filesystems are frozen\"}}\n");
  EXPECT_EQ(answer(R"({"execute": "guest-fsfreeze-status"})"), "{\"return\": \"frozen\"}\n");
  EXPECT_TRUE(freeze.thaw());
}

TEST_F(DispatchTest, AuditsCommandsThatChangeTheGuest) {
  answer(R"({"execute": "guest-file-open", "arguments": {"path": "/dev/null", "mode": "r+"}})");
  answer(R"({"execute": "guest-file-close", "arguments": {"handle": 1000}})");
  const auto lines = log_lines.all();
  EXPECT_EQ(std::ranges::count(lines, "guest-file-open called, path: /dev/null"), 1);
  EXPECT_EQ(std::ranges::count(lines, "guest-file-close called, handle: 1000"), 1);
}

// Stores the text of each record with its fields.
class FieldLog final : public platform::LogOutput {
 public:
  explicit FieldLog(testing::LogLines& lines) : lines_(lines) {}
  void write(const platform::LogRecord& record) override {
    std::string line(record.message);
    for (const platform::LogField& field : record.fields) {
      line += fmt::format(" {}={}", field.name, field.value);
    }
    lines_.add(line);
  }

 private:
  testing::LogLines& lines_;
};

// Dispatches with a log of level info.
class DispatchLogTest : public DispatchTest {
 protected:
  void call(std::string_view name) {
    std::string out;
    CommandContext context(info_services, caller);
    info_dispatcher.execute(*info_dispatcher.find(name), {}, context, out);
  }

  testing::LogLines info_lines;
  Log info_log{Log::Level::info, std::make_unique<FieldLog>(info_lines)};
  Services info_services{.commands = services.commands,
                         .policy = policy,
                         .settings = settings,
                         .files = files,
                         .jobs = jobs,
                         .freeze = freeze,
                         .programs = programs,
                         .power = power,
                         .clock_setting = clock_setting,
                         .statvfs_pool = statvfs_pool,
                         .authorized_keys_mutex = authorized_keys_mutex,
                         .log = info_log,
                         .started = services.started};
  Dispatcher info_dispatcher{info_services};
};

TEST_F(DispatchLogTest, OmitsCommandsThatAreLoggedAsDebug) {
  call("guest-ping");
  EXPECT_EQ(info_lines.all(), std::vector<std::string>{});
}

TEST_F(DispatchLogTest, HasTheCommandInAField) {
  call("guest-get-host-name");
  call("guest-exec");
  EXPECT_EQ(info_lines.all(),
            (std::vector<std::string>{
                "guest-get-host-name called COMMAND=guest-get-host-name",
                "guest-exec called COMMAND=guest-exec",
                "guest-exec failed: Parameter 'path' is missing COMMAND=guest-exec"}));
}

}  // namespace
}  // namespace bellhop::agent
