// SPDX-License-Identifier: Apache-2.0
#include "unit/commands/ssh_fixture.h"

namespace bellhop::testing {
namespace {

class GuestSshAddAuthorizedKeys : public SshCommandTest {
 protected:
  std::string add(std::string_view keys, std::string_view more = "",
                  std::string_view user = "alice") {
    return call("guest-ssh-add-authorized-keys",
                fmt::format(R"({{"username": "{}", "keys": {}{}}})", user, keys, more));
  }
  const std::string done = R"({"return": {}})";
};

TEST_F(GuestSshAddAuthorizedKeys, MakesFolderAndFile) {
  EXPECT_EQ(add(R"(["k1", "k2", "k1"])"), done);
  EXPECT_EQ(keys(), "k1\nk2");
  EXPECT_EQ(std::filesystem::status(path()).permissions(), std::filesystem::perms(0600));
}

TEST_F(GuestSshAddAuthorizedKeys, KeepsWhatIsThere) {
  keys("# mine\nk1");
  EXPECT_EQ(add(R"(["k1", "k2"])"), done);
  EXPECT_EQ(keys(), "# mine\nk1\nk2");
  EXPECT_EQ(add(R"(["k3"])", R"(, "reset": false)"), done);
  EXPECT_EQ(keys(), "# mine\nk1\nk2\nk3");
}

TEST_F(GuestSshAddAuthorizedKeys, ResetsToTheseKeys) {
  keys("# mine\nk1");
  EXPECT_EQ(add(R"(["k2"])", R"(, "reset": true)"), done);
  EXPECT_EQ(keys(), "k2");
  EXPECT_EQ(add("[]", R"(, "reset": true)"), done);
  EXPECT_EQ(keys(), "");
}

TEST_F(GuestSshAddAuthorizedKeys, AddsAllOrNone) {
  EXPECT_EQ(add(R"(["k1", "#k2"])"), error_reply("invalid OpenSSH public key: '#k2'"));
  EXPECT_EQ(add(R"(["k1", "k\n2"])"), error_reply("invalid OpenSSH public key: 'k\\n2'"));
  EXPECT_FALSE(std::filesystem::exists(path()));
}

TEST_F(GuestSshAddAuthorizedKeys, DoesNotReplaceWhatItCannotRead) {
  keys("k1");
  std::filesystem::rename(path(), directory / "home/alice/keys");
  std::filesystem::create_symlink("../keys", path());
  EXPECT_EQ(add(R"(["k2"])"),
            error_reply(fmt::format("failed to read '{}': it is a symbolic link", path())));
  EXPECT_EQ(directory.content("home/alice/keys"), "k1");
  EXPECT_EQ(add(R"(["k2"])", R"(, "reset": true)"), done);
  EXPECT_EQ(keys(), "k2");
  EXPECT_EQ(directory.content("home/alice/keys"), "k1");
}

TEST_F(GuestSshAddAuthorizedKeys, LooksAtTheKeysBeforeTheUser) {
  EXPECT_EQ(add(R"(["#"])", "", "bob"), error_reply("invalid OpenSSH public key: '#'"));
  EXPECT_EQ(add(R"(["k"])", "", "bob"),
            error_reply("failed to lookup user 'bob': there is no such user"));
}

TEST_F(GuestSshAddAuthorizedKeys, RestoresLabelsWhereSelinuxIsOn) {
  restorecon("exit 0");
  EXPECT_EQ(add(R"(["k1"])"), done);
  EXPECT_FALSE(restored());
  turn_selinux_on();
  EXPECT_EQ(add(R"(["k1", "#"])"), error_reply("invalid OpenSSH public key: '#'"));
  EXPECT_FALSE(restored());
  EXPECT_EQ(add(R"(["k2"])"), done);
  EXPECT_TRUE(restored());
  EXPECT_THAT(log_lines.all(), ::testing::IsEmpty());
}

TEST_F(GuestSshAddAuthorizedKeys, KeepsKeysWhoseLabelsItCannotRestore) {
  turn_selinux_on();
  restorecon("echo 'not permitted'; exit 1");
  EXPECT_EQ(add(R"(["k1"])"), done);
  EXPECT_EQ(keys(), "k1");
  EXPECT_THAT(log_lines.all(),
              ::testing::ElementsAre(fmt::format(
                  "the keys of user 'alice' are in place, but their SELinux labels may be wrong: "
                  "'{0}/sbin/restorecon' ended with status 1: not permitted; to set them right: "
                  "restorecon -R {0}/home/alice/.ssh",
                  directory.path())));
}

}  // namespace
}  // namespace bellhop::testing
