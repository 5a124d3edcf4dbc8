// SPDX-License-Identifier: Apache-2.0
#include <sys/stat.h>

#include <filesystem>

#include "unit/commands/command_fixture.h"

namespace bellhop::testing {
namespace {

// A chpasswd of the test's: the system's is never called.
class GuestSetUserPassword : public CommandTest {
 protected:
  GuestSetUserPassword() {
    services.system_root = directory.path();
    std::filesystem::create_directory(directory / "sbin");
    ::setenv("PATH", (directory / "sbin").c_str(), 1);
  }
  ~GuestSetUserPassword() override { ::setenv("PATH", path_.c_str(), 1); }

  void chpasswd(const std::string& script) {
    directory.file("sbin/chpasswd", "#!/bin/sh\n" + script + "\n");
    ::chmod((directory / "sbin/chpasswd").c_str(), 0755);
  }
  // Leaves its arguments and its input in files.
  void recording_chpasswd() {
    chpasswd(
        fmt::format("echo \"$@\" > {0}/arguments\nwhile read -r line; do echo \"$line\"; done "
                    "> {0}/input",
                    directory.path()));
  }
  std::string set(std::string_view user, std::string_view password, bool crypted = false) {
    return call("guest-set-user-password",
                fmt::format(R"({{"username": "{}", "password": "{}", "crypted": {}}})", user,
                            password, crypted));
  }

 private:
  std::string path_ = ::getenv("PATH");
};

TEST_F(GuestSetUserPassword, TellsChpasswdOnItsInput) {
  recording_chpasswd();
  EXPECT_EQ(set("alice", "aGVsbG86IHdvcmxk"), R"({"return": {}})");
  EXPECT_EQ(directory.content("input"), "alice:hello: world\n");
  EXPECT_EQ(directory.content("arguments"), "\n");
}

TEST_F(GuestSetUserPassword, TellsOfAHash) {
  recording_chpasswd();
  EXPECT_EQ(set("alice", "JDYkYWJj", true), R"({"return": {}})");
  EXPECT_EQ(directory.content("input"), "alice:$6$abc\n");
  EXPECT_EQ(directory.content("arguments"), "-e\n");
}

TEST_F(GuestSetUserPassword, RefusesWhatChpasswdWouldTakeForMore) {
  recording_chpasswd();
  const std::string password = error_reply("forbidden characters in raw password");
  const std::string name = error_reply("forbidden characters in username");
  EXPECT_EQ(set("alice", "YQpi"), password);  // a\nb
  EXPECT_EQ(set("alice", "YWJjCg==", true), password);
  EXPECT_EQ(set("alice", "YQBi"), password);  // a\0b
  EXPECT_EQ(set("alice:x", "YWI="), name);
  EXPECT_EQ(set("alice\\nbob", "YWI="), name);
  EXPECT_EQ(set("alice:x", "YQpi"), password);
  EXPECT_FALSE(std::filesystem::exists(directory / "input"));
}

TEST_F(GuestSetUserPassword, RefusesWhatIsNotBase64) {
  recording_chpasswd();
  EXPECT_EQ(set("alice:x", "!!!"), error_reply("Base64 data contains invalid characters"));
  EXPECT_FALSE(std::filesystem::exists(directory / "input"));
}

TEST_F(GuestSetUserPassword, FailsWithWhatChpasswdSays) {
  chpasswd("echo 'no such user'; exit 1");
  EXPECT_EQ(set("alice", "YWI="),
            error_reply("child process has failed to set user password: no such user\\n"));
  chpasswd("exit 1");
  EXPECT_EQ(set("alice", "YWI="),
            error_reply("child process has failed to set user password: exit status 1"));
}

TEST_F(GuestSetUserPassword, FailsWithoutChpasswd) {
  EXPECT_EQ(set("alice", "YWI="),
            error_reply("child process has failed to set user password: failed to exec 'chpasswd': "
                        "No such file or directory\\n"));
}

TEST_F(GuestSetUserPassword, DoesNotLogThePassword) {
  chpasswd("exit 1");
  set("alice", "c2VjcmV0");
  for (const std::string& line : log_lines.all()) {
    EXPECT_EQ(line.find("secret"), std::string::npos);
    EXPECT_EQ(line.find("c2VjcmV0"), std::string::npos);
  }
}

}  // namespace
}  // namespace bellhop::testing
