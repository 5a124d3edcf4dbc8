// SPDX-License-Identifier: Apache-2.0
#include "agent/dispatch.h"

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace bellhop::agent
