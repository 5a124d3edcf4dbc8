// SPDX-License-Identifier: Apache-2.0
#include "agent/call_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "agent/dispatch.h"
#include "unit/commands/command_fixture.h"
#include "wire/json_reader.h"

namespace bellhop::agent {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::MatchesRegex;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;

// Stores each record with its level and its fields.
class FieldRecorder final : public platform::LogOutput {
 public:
  explicit FieldRecorder(testing::LogLines& lines) : lines_(lines) {}
  void write(const platform::LogRecord& record) override {
    std::string line =
        fmt::format("{}: {}", platform::log_level_name(record.level), record.message);
    for (const platform::LogField& field : record.fields) {
      line += fmt::format(" | {}={}", field.name, field.value);
    }
    lines_.add(line);
  }

 private:
  testing::LogLines& lines_;
};

class CallLogTest : public testing::CommandTest {
 protected:
  // Runs a call to its end as a session does.
  void run(std::string_view name, const nlohmann::json& arguments = nlohmann::json::object()) {
    const std::string json = nlohmann::json{{"execute", name}, {"arguments", arguments}}.dump();
    const wire::Document document = *wire::parse(json);
    const wire::Request request = *wire::read_request(document);
    CommandContext context(services, caller);
    const Command* const command = dispatcher().find(request.execute);
    if (const auto admitted = dispatcher().admit(command, name); !admitted) {
      return dispatcher().call_log().write(command, request, context, CallResult::refused,
                                           admitted.error().message);
    }
    std::string reply;
    dispatcher().execute(*command, request, context, reply);
  }
  // Created by the first call, after the test has changed the settings.
  Dispatcher& dispatcher() {
    if (!dispatcher_) dispatcher_ = std::make_unique<Dispatcher>(log_services());
    return *dispatcher_;
  }
  std::string audited() const { return audit_lines.all().empty() ? "" : audit_lines.all().back(); }

  Log::Level level = Log::Level::critical;  // the default of the agent
  testing::LogLines lines;                  // of the log
  testing::LogLines audit_lines;            // of the system's log

 private:
  Services& log_services() {
    call_log_log_ = std::make_unique<Log>(level, std::make_unique<FieldRecorder>(lines),
                                          std::make_unique<FieldRecorder>(audit_lines));
    services_ = std::make_unique<Services>(services_with(*call_log_log_));
    return *services_;
  }

  std::unique_ptr<Log> call_log_log_;
  std::unique_ptr<Services> services_;
  std::unique_ptr<Dispatcher> dispatcher_;
};

TEST_F(CallLogTest, SaysWhoCalledWhatWithWhichResult) {
  caller.peer = "pid 4711, uid 0";
  run("guest-file-open", {{"path", "/dev/null"}, {"mode", "r+"}});
  EXPECT_THAT(audit_lines.all(),
              ElementsAre(MatchesRegex(
                  R"(info: guest-file-open called on test \(pid 4711, uid 0\), path: "/dev/null", )"
                  R"(mode: "r\+": succeeded after [0-9]+\.[0-9]{3} ms \| COMMAND=guest-file-open )"
                  R"(\| CHANNEL=test \| PEER=pid 4711, uid 0 \| RESULT=succeeded )"
                  R"(\| DURATION=[0-9]+\.[0-9]{3})")));
  EXPECT_THAT(lines.all(), IsEmpty());
}

TEST_F(CallLogTest, LogsEachFailureOfAnAuditedCommandWithItsReason) {
  run("guest-file-close", {{"handle", 7}});
  run("guest-file-close", {{"handle", 7}});
  EXPECT_THAT(audit_lines.all(), ::testing::Each(MatchesRegex(
                                     R"(warning: guest-file-close called on test, handle: 7: )"
                                     R"(failed after [0-9.]+ ms: handle '7' has not been found)"
                                     R"( \| .*RESULT=failed \| DURATION=[0-9.]+)")));
  EXPECT_THAT(audit_lines.all(), SizeIs(2));
}

TEST_F(CallLogTest, OmitsInspectionAtTheDefaultLevel) {
  run("guest-ping");
  run("guest-get-host-name");
  EXPECT_THAT(audit_lines.all(), IsEmpty());
  EXPECT_THAT(lines.all(), IsEmpty());
}

TEST_F(CallLogTest, LogsInspectionAsInfoAndPolledCommandsAsDebug) {
  level = Log::Level::debug;
  run("guest-get-host-name");
  run("guest-ping");
  EXPECT_THAT(lines.all(), ElementsAre(StartsWith("info: guest-get-host-name called on test: succ"),
                                       StartsWith("debug: guest-ping called on test: succeeded")));
  EXPECT_THAT(audit_lines.all(), IsEmpty());
}

TEST_F(CallLogTest, LogsAuditedCallsInAVerboseLogToo) {
  level = Log::Level::debug;
  run("guest-file-open", {{"path", "/dev/null"}});
  EXPECT_THAT(lines.all(), ElementsAre(StartsWith("info: guest-file-open called on test, path:")));
  EXPECT_EQ(lines.all(), audit_lines.all());
}

TEST_F(CallLogTest, LimitsTheFailuresOfOtherCommands) {
  for (int pid = 1; pid <= 3; ++pid) run("guest-exec-status", {{"pid", pid}});
  EXPECT_THAT(audit_lines.all(),
              ElementsAre(MatchesRegex("warning: guest-exec-status called on test, pid: 1: failed "
                                       "after [0-9.]+ ms: PID 1 does not exist .*")));
}

TEST_F(CallLogTest, KeepsAllFailuresInAVerboseLog) {
  level = Log::Level::debug;
  for (int pid = 1; pid <= 3; ++pid) run("guest-exec-status", {{"pid", pid}});
  EXPECT_THAT(lines.all(), SizeIs(3));
  EXPECT_THAT(audit_lines.all(), SizeIs(1));
}

TEST_F(CallLogTest, LimitsRefusalsByCommandAndReason) {
  policy = Policy({"guest-exec", "guest-ping"});
  for (int i = 0; i < 3; ++i) run("guest-ping");
  run("guest-exec", {{"path", "/bin/true"}});
  EXPECT_THAT(
      audit_lines.all(),
      ElementsAre(
          "warning: guest-ping called on test: refused: Command guest-ping has been disabled: the "
          "command is not allowed | COMMAND=guest-ping | CHANNEL=test | RESULT=refused",
          StartsWith(
              R"(warning: guest-exec called on test, path: "/bin/true": refused: Command )")));
}

TEST_F(CallLogTest, LogsTheReasonOfARefusalWhileFrozen) {
  const std::vector<std::string_view> home{"/home"};
  ASSERT_EQ(freeze.freeze(std::span(home)), 1);
  run("guest-get-time");
  EXPECT_TRUE(freeze.thaw());
  EXPECT_THAT(audited(), HasSubstr("is not allowed while filesystems are frozen"));
}

TEST_F(CallLogTest, DoesNotBeginALineWithANameThatIsNoCommand) {
  run("guest-exec called on x: succeeded");
  EXPECT_THAT(audited(), StartsWith("warning: unknown command called on test: refused: The command "
                                    "guest-exec called on x: succeeded has not been found | "));
  run(std::string(100000, 'x'));
  EXPECT_LT(audited().size(), 2000u);
}

TEST_F(CallLogTest, LogsCommandsWithoutSuccessResponseBeforeTheyRun) {
  power.result = failure("no");
  run("guest-shutdown", {{"mode", "halt"}});
  EXPECT_THAT(audit_lines.all(),
              ElementsAre("info: guest-shutdown called on test, mode: \"halt\": begun | "
                          "COMMAND=guest-shutdown | CHANNEL=test | RESULT=begun",
                          HasSubstr(": failed after ")));
}

TEST_F(CallLogTest, HasTheProgramAndItsArguments) {
  run("guest-exec", {{"path", "/bin/true"}, {"arg", {"-c", "say \"ä\" \\", ""}}});
  EXPECT_THAT(audited(), HasSubstr(R"(path: "/bin/true", arg: ["-c", "say \"ä\" \\", ""]: succ)"));
  run("guest-exec", {{"path", "/bin/true"}, {"arg", nlohmann::json::array()}});
  EXPECT_THAT(audited(), HasSubstr(R"(path: "/bin/true", arg: []: succeeded)"));
}

TEST_F(CallLogTest, CutsArgumentsAtACharacter) {
  std::string text = "x";
  for (int i = 0; i < 200; ++i) text += "ä";
  run("guest-exec", {{"path", "/bin/true"}, {"arg", {text}}});
  // Two characters, the 'x' and 98 letters of two bytes are 199 bytes.
  EXPECT_THAT(audited(), HasSubstr("arg: [\"x" + text.substr(1, 196) + "…: succeeded"));
  run("guest-exec", {{"path", "/bin/true"}, {"arg", std::vector<std::string>(100000, "y")}});
  EXPECT_LT(audited().size(), 500u);
}

TEST_F(CallLogTest, KeepsWholePaths) {
  const std::string path = "/" + std::string(4000, 'x');
  run("guest-file-open", {{"path", path}});
  EXPECT_THAT(audited(), HasSubstr("path: \"" + path + "\": failed"));
  run("guest-file-open", {{"path", std::string(100000, 'x')}});
  EXPECT_LT(audited().size(), 6000u);
}

TEST_F(CallLogTest, OmitsTheArgumentsOfProgramsIfTheSettingsSaySo) {
  settings.log.exec_arguments = false;
  run("guest-exec", {{"path", "/bin/true"}, {"arg", {"--password=hunter2"}}});
  EXPECT_THAT(audited(), AllOf(HasSubstr("path: \"/bin/true\": succ"), Not(HasSubstr("hunter2"))));
  run("guest-file-open", {{"path", "/dev/null"}, {"mode", "r"}});
  EXPECT_THAT(audited(), HasSubstr("path: \"/dev/null\", mode: \"r\""));
}

TEST_F(CallLogTest, NeverHasSecrets) {
  level = Log::Level::debug;
  const std::string secret = "aHVudGVyMg==";  // hunter2
  run("guest-exec", {{"path", "/bin/true"}, {"env", {"KEY=" + secret}}, {"input-data", secret}});
  run("guest-exec", {{"path", "/bin/true"}, {"env", 1}, {"input-data", secret + "!"}});
  for (const bool crypted : {true, false}) {
    run("guest-set-user-password",
        {{"username", "no:body"}, {"password", secret}, {"crypted", crypted}});
  }
  run("guest-set-user-password", {{"username", 1}, {"password", secret}, {"crypted", 1}});
  run("guest-set-user-password", {{"username", "x"}, {"password", {secret}}, {"crypted", true}});
  run("guest-file-write", {{"handle", 1}, {"buf-b64", secret}});
  run("guest-ssh-add-authorized-keys", {{"username", "no-such-user"}, {"keys", {secret}}});
  EXPECT_THAT(lines.all(), SizeIs(8));
  for (const std::string& line : lines.all()) {
    EXPECT_THAT(line, AllOf(Not(HasSubstr("aHVudGVy")), Not(HasSubstr("hunter2"))));
  }
  EXPECT_THAT(lines.all(), ::testing::Contains(HasSubstr("username: \"no:body\"")));
}

// A private key that was sent by mistake is in the error.
TEST_F(CallLogTest, OmitsTheReasonOfErrorsThatQuoteKeys) {
  run("guest-ssh-add-authorized-keys",
      {{"username", "root"}, {"keys", {"-----BEGIN OPENSSH PRIVATE KEY-----\nsecret"}}});
  EXPECT_THAT(audited(), HasSubstr("ms: the client has the reason"));
  EXPECT_THAT(audited(), Not(HasSubstr("secret")));
}

}  // namespace
}  // namespace bellhop::agent
