#include "platform/users.h"
#include "unit/commands/command_fixture.h"

namespace bellhop::testing {
namespace {

class GuestGetUsers : public CommandTest {};

TEST_F(GuestGetUsers, ReturnsWhoTheSystemsRecordNames) {
  const auto users = platform::logged_in_users(platform::session_record_path());
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

}  // namespace
}  // namespace bellhop::testing
