// SPDX-License-Identifier: Apache-2.0
#include "unit/commands/ssh_fixture.h"

namespace bellhop::testing {
namespace {

class GuestSshRemoveAuthorizedKeys : public SshCommandTest {
 protected:
  std::string remove(std::string_view keys, std::string_view user = "alice") {
    return call("guest-ssh-remove-authorized-keys",
                fmt::format(R"({{"username": "{}", "keys": {}}})", user, keys));
  }
  const std::string done = R"({"return": {}})";
};

TEST_F(GuestSshRemoveAuthorizedKeys, RemovesWholeLines) {
  keys("# mine\nk1\nk2\nk1 x\nk1\n");
  EXPECT_EQ(remove(R"(["k1", "k3"])"), done);
  EXPECT_EQ(keys(), "# mine\nk2\nk1 x\n");
}

TEST_F(GuestSshRemoveAuthorizedKeys, HasNothingToDoWithoutTheFile) {
  EXPECT_EQ(remove(R"(["k1"])"), done);
  EXPECT_FALSE(std::filesystem::exists(directory / "home/alice/.ssh"));
}

TEST_F(GuestSshRemoveAuthorizedKeys, FailsWhenItCannotTellWhatThereIs) {
  keys("k1");
  std::filesystem::rename(directory / "home/alice/.ssh", directory / "home/alice/ssh");
  std::filesystem::create_directory_symlink("ssh", directory / "home/alice/.ssh");
  EXPECT_EQ(remove(R"(["k1"])"),
            error_reply(fmt::format("failed to read '{}': '{}': it is a symbolic link", path(),
                                    directory / "home/alice/.ssh")));
  EXPECT_EQ(keys(), "k1");
}

TEST_F(GuestSshRemoveAuthorizedKeys, RestoresLabelsWhereSelinuxIsOn) {
  keys("k1\nk2");
  turn_selinux_on();
  restorecon("exit 1");
  EXPECT_EQ(remove(R"(["k1"])"), done);
  EXPECT_EQ(keys(), "k2");
  EXPECT_TRUE(restored());
  EXPECT_THAT(log_lines.all(), ::testing::SizeIs(1));
}

TEST_F(GuestSshRemoveAuthorizedKeys, LooksAtTheKeysBeforeTheUser) {
  EXPECT_EQ(remove(R"(["#"])", "bob"), error_reply("invalid OpenSSH public key: '#'"));
  EXPECT_EQ(remove(R"(["k"])", "bob"),
            error_reply("failed to lookup user 'bob': there is no such user"));
}

}  // namespace
}  // namespace bellhop::testing
