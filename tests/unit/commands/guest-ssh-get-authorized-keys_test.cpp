// SPDX-License-Identifier: Apache-2.0
#include "unit/commands/ssh_fixture.h"

namespace bellhop::testing {
namespace {

class GuestSshGetAuthorizedKeys : public SshCommandTest {
 protected:
  std::string get(std::string_view user = "alice") {
    return call("guest-ssh-get-authorized-keys", fmt::format(R"({{"username": "{}"}})", user));
  }
};

TEST_F(GuestSshGetAuthorizedKeys, ReturnsTheLastKeyFirst) {
  keys("# comment\nssh-ed25519 AAAA one\n\n  ssh-ed25519 BBBB two\t\n");
  EXPECT_EQ(get(), R"({"return": {"keys": ["ssh-ed25519 BBBB two", "ssh-ed25519 AAAA one"]}})");
}

TEST_F(GuestSshGetAuthorizedKeys, ReturnsNoneFromAnEmptyFile) {
  keys("");
  EXPECT_EQ(get(), R"({"return": {"keys": []}})");
}

TEST_F(GuestSshGetAuthorizedKeys, FailsWithoutTheFile) {
  EXPECT_EQ(get(), error_reply(fmt::format("failed to read '{0}': Failed to open file "
                                           "\\u201C{0}\\u201D: No such file or directory",
                                           path())));
}

TEST_F(GuestSshGetAuthorizedKeys, FailsForAnUnknownUser) {
  EXPECT_EQ(get("bob"), error_reply("failed to lookup user 'bob': there is no such user"));
}

}  // namespace
}  // namespace bellhop::testing
