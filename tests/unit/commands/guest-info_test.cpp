// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include <set>

#include "unit/commands/command_fixture.h"

namespace bellhop::testing {
namespace {

using ::testing::HasSubstr;

// guest-info's entry for a command, as it stands in the reply.
std::string entry(std::string_view name, bool enabled, bool success_response = true) {
  return fmt::format(R"({{"name": "{}", "enabled": {}, "success-response": {}}})", name, enabled,
                     success_response);
}

class GuestInfo : public CommandTest {};

TEST_F(GuestInfo, ReportsTheVersionOfTheProtocol) {
  EXPECT_THAT(call("guest-info"),
              ::testing::StartsWith(R"({"return": {"version": "11.1.3", "supported_commands": [)"));
}

TEST_F(GuestInfo, ListsAllCommandsInTheAgentsOrder) {
  std::string entries;
  for (const Command* command : services.commands) {
    if (!entries.empty()) entries += ", ";
    entries += entry(command->facts.name, true, command->facts.has_success_response);
  }
  EXPECT_EQ(call("guest-info"),
            R"({"return": {"version": "11.1.3", "supported_commands": [)" + entries + "]}}");
}

TEST_F(GuestInfo, SaysWhichCommandsTheAdministratorForbids) {
  policy = agent::Policy({"guest-get-time"});
  const std::string reply = call("guest-info");
  EXPECT_THAT(reply, HasSubstr(entry("guest-get-time", false)));
  EXPECT_THAT(reply, HasSubstr(entry("guest-ping", true)));
}

TEST_F(GuestInfo, SaysThatFewCommandsAreServedWhileFrozen) {
  ASSERT_EQ(freeze.freeze(std::nullopt), 2);
  policy = agent::Policy({"guest-sync"});
  const std::string reply = call("guest-info");
  const std::set<std::string_view> served{"guest-ping",
                                          "guest-sync-delimited",
                                          "guest-info",
                                          "guest-fsfreeze-thaw",
                                          "guest-fsfreeze-status",
                                          "bellhop-info",
                                          "bellhop-fsfreeze-thaw",
                                          "bellhop-fsfreeze-renew",
                                          "bellhop-fsfreeze-status"};
  for (const Command* command : services.commands) {
    const std::string_view name = command->facts.name;
    EXPECT_THAT(reply,
                HasSubstr(entry(name, served.contains(name), command->facts.has_success_response)));
  }
}

TEST_F(GuestInfo, HasNoArguments) {
  EXPECT_EQ(call("guest-info", R"({"x": 1})"), error_reply("Parameter 'x' is unexpected"));
}

}  // namespace
}  // namespace bellhop::testing
