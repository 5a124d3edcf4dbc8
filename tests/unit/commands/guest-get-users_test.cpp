// SPDX-License-Identifier: Apache-2.0
#include <filesystem>

#include "platform/accounts/users.h"
#include "unit/commands/command_fixture.h"

namespace bellhop::testing {
namespace {

class GuestGetUsers : public CommandTest {};

TEST_F(GuestGetUsers, ReturnsWhomTheSystemsRecordsName) {
  const auto users = platform::logged_in_users("/");
  ASSERT_TRUE(users);
  std::string entries;
  for (const auto& user : *users) {
    if (!entries.empty()) entries += ", ";
    entries += R"({"user": ")" + user.user + R"(", "login-time": )";
    wire::JsonWriter(entries).real(user.login_time);
    entries += "}";
  }
  EXPECT_EQ(call("guest-get-users"), R"({"return": [)" + entries + "]}");
}

TEST_F(GuestGetUsers, ReturnsTimesWithFractions) {
  services.system_root = directory.path();
  std::filesystem::create_directories(directory / "run/systemd/sessions");
  directory.file("run/systemd/sessions/7", "USER=alice\nREALTIME=1500000000250000\n");
  EXPECT_EQ(call("guest-get-users"),
            R"({"return": [{"user": "alice", "login-time": 1500000000.25}]})");
}

}  // namespace
}  // namespace bellhop::testing
