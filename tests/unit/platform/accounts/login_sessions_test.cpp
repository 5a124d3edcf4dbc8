// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "platform/accounts/login_sessions_linux.h"
#include "unit/temporary_directory.h"

namespace bellhop::platform {
namespace {

// As systemd 257 writes it.
constexpr const char* complete_file = R"(# This is private data. Do not parse.
UID=1000
USER=alice
ACTIVE=1
IS_DISPLAY=1
STATE=active
REMOTE=1
LEADER_FD_SAVED=1
TYPE=tty
ORIGINAL_TYPE=tty
CLASS=user
SCOPE=session-3.scope
FIFO=/run/systemd/sessions/3.ref
TTY=pts/0
TTY_VALIDITY=from-pam
REMOTE_HOST=192.0.2.1
SERVICE=sshd
LEADER=1234
AUDIT=3
REALTIME=1753264123456789
MONOTONIC=123456789
)";

class LoginSessions : public ::testing::Test {
 protected:
  void session(const std::string& name, const std::string& text) { directory.file(name, text); }
  std::vector<LoggedInUser> sessions() { return login_sessions(directory.path()); }

  TemporaryDirectory directory;
};

TEST_F(LoginSessions, AreEmptyWithoutTheDirectory) {
  EXPECT_TRUE(login_sessions(directory / "none").empty());
}

TEST_F(LoginSessions, HaveUserAndLoginTimeInMicroseconds) {
  session("3", complete_file);
  ASSERT_EQ(sessions().size(), 1U);
  EXPECT_EQ(sessions()[0].user, "alice");
  EXPECT_DOUBLE_EQ(sessions()[0].login_time, 1753264123.456789);
}

TEST_F(LoginSessions, AreInTheOrderOfLogin) {
  session("1", "USER=carol\nREALTIME=3000000\n");
  session("c2", "USER=alice\nREALTIME=1000000\n");
  session("3", "USER=bob\nREALTIME=2000000\n");
  session("4", "USER=amy\nREALTIME=2000000\n");
  const auto all = sessions();
  ASSERT_EQ(all.size(), 4U);
  EXPECT_EQ(all[0].user, "alice");
  EXPECT_EQ(all[1].user, "amy");
  EXPECT_EQ(all[2].user, "bob");
  EXPECT_EQ(all[3].user, "carol");
}

TEST_F(LoginSessions, AreOnlyThoseOfUserClasses) {
  for (const char* other : {"greeter", "lock-screen", "background", "background-light", "manager",
                            "manager-early", "user-incomplete", "none"}) {
    session("1", std::string("USER=x\nREALTIME=1\nCLASS=") + other + "\n");
    EXPECT_TRUE(sessions().empty()) << other;
  }
  for (const char* person : {"user", "user-early", "user-light", "user-early-light"}) {
    session("1", std::string("USER=x\nREALTIME=1\nCLASS=") + person + "\n");
    EXPECT_EQ(sessions().size(), 1U) << person;
  }
}

TEST_F(LoginSessions, OmitThoseThatAreClosing) {
  session("1", "USER=x\nREALTIME=1\nSTATE=closing\n");
  session("2", "USER=y\nREALTIME=1\nSTATE=online\n");
  ASSERT_EQ(sessions().size(), 1U);
  EXPECT_EQ(sessions()[0].user, "y");
}

TEST_F(LoginSessions, OmitInvalidFiles) {
  session("1", "");
  session("2", "USER=x\n");
  session("3", "REALTIME=1\n");
  session("4", "USER=x\nREALTIME=soon\n");
  session("5", "USER=\nREALTIME=1\n");
  session("6", "XUSER=x\nUSERS=x\nREALTIME=1\n");
  session("7", "USER=x\nREALTIME=1x\n");
  EXPECT_TRUE(sessions().empty());
}

TEST_F(LoginSessions, MayHaveQuotedValuesAndNoFinalLineFeed) {
  session("1", "USER=\"x\"\nREALTIME=\"2000000\"");
  ASSERT_EQ(sessions().size(), 1U);
  EXPECT_EQ(sessions()[0].user, "x");
  EXPECT_DOUBLE_EQ(sessions()[0].login_time, 2);
}

TEST_F(LoginSessions, AreNotReadFromOtherFiles) {
  session(".#1abc", complete_file);
  session("1.tmp", complete_file);
  ASSERT_EQ(::mkfifo((directory / "3.ref").c_str(), 0600), 0);
  ASSERT_EQ(::mkfifo((directory / "4").c_str(), 0600), 0);
  ASSERT_EQ(::mkdir((directory / "5").c_str(), 0700), 0);
  EXPECT_TRUE(sessions().empty());
}

}  // namespace
}  // namespace bellhop::platform
