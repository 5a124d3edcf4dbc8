// SPDX-License-Identifier: Apache-2.0
#include "platform/accounts/users.h"

#include <gtest/gtest.h>
#include <utmp.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "unit/gate.h"

namespace bellhop::platform {
namespace {

// Writes records of sessions to a temporary tree.
class UsersTest : public ::testing::Test {
 protected:
  UsersTest() {
    std::filesystem::create_directories(directory_ / "var/run");
    std::filesystem::create_directories(directory_ / "run/systemd/sessions");
  }
  void add(std::string_view user, std::uint32_t seconds, int microseconds = 0,
           short type = USER_PROCESS) {
    utmp record{};
    record.ut_type = type;
    std::memcpy(record.ut_user, user.data(), std::min(user.size(), sizeof record.ut_user));
    std::memset(record.ut_host, 'h', sizeof record.ut_host);
    record.ut_tv.tv_sec = static_cast<decltype(record.ut_tv.tv_sec)>(seconds);
    record.ut_tv.tv_usec = microseconds;
    add_bytes({reinterpret_cast<const char*>(&record), sizeof record});
  }
  void add_bytes(std::string_view bytes) {
    std::ofstream(path_, std::ios::binary | std::ios::app) << bytes;
  }
  void add_session(const std::string& name, const std::string& text) {
    directory_.file("run/systemd/sessions/" + name, text);
  }
  std::vector<LoggedInUser> users() {
    auto users = logged_in_users(directory_.path());
    EXPECT_TRUE(users);
    return users.value_or(std::vector<LoggedInUser>{});
  }

  bellhop::testing::TemporaryDirectory directory_;
  std::string path_ = directory_ / "var/run/utmp";
};

TEST_F(UsersTest, ThereAreNoneWithoutUtmp) {
  EXPECT_TRUE(users().empty());
}

TEST_F(UsersTest, ThereAreNoneIfUtmpIsADirectory) {
  std::filesystem::create_directory(path_);
  EXPECT_TRUE(users().empty());
}

TEST_F(UsersTest, TimesHaveFractions) {
  add("alice", 1'500'000'000, 250'000);
  ASSERT_EQ(users().size(), 1U);
  EXPECT_EQ(users()[0].user, "alice");
  EXPECT_DOUBLE_EQ(users()[0].login_time, 1'500'000'000.25);
}

TEST_F(UsersTest, AUserAppearsOnceWithTheEarliestLogin) {
  add("alice", 200, 5);
  add("bob", 50);
  add("alice", 200, 4);
  add("alice", 300);
  const auto all = users();
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].user, "alice");
  EXPECT_DOUBLE_EQ(all[0].login_time, 200.000004);
  EXPECT_EQ(all[1].user, "bob");
}

TEST_F(UsersTest, OtherRecordsAreIgnored) {
  add("reboot", 1, 0, BOOT_TIME);
  add("LOGIN", 2, 0, LOGIN_PROCESS);
  add("gone", 3, 0, DEAD_PROCESS);
  add("here", 4);
  const auto all = users();
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].user, "here");
}

TEST_F(UsersTest, ANameMayHaveTheFullLength) {
  const std::string max_name(sizeof(utmp::ut_user), 'x');
  add(max_name, 5);
  ASSERT_EQ(users().size(), 1U);
  EXPECT_EQ(users()[0].user, max_name);
}

TEST_F(UsersTest, APartialRecordIsIgnored) {
  add("alice", 5);
  add_bytes("half a record");
  EXPECT_EQ(users().size(), 1U);
}

TEST_F(UsersTest, TimesMayBeAfter2038) {
  add("alice", 4'000'000'000U);
  ASSERT_EQ(users().size(), 1U);
  EXPECT_DOUBLE_EQ(users()[0].login_time, 4'000'000'000.0);
}

TEST_F(UsersTest, SessionsOfLogindAreReadWithoutUtmp) {
  add_session("3", "USER=alice\nREALTIME=1500000000250000\n");
  const auto all = users();
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].user, "alice");
  EXPECT_DOUBLE_EQ(all[0].login_time, 1'500'000'000.25);
}

TEST_F(UsersTest, UtmpHasPriorityOverSessionsOfLogind) {
  add("bob", 300);
  add("alice", 200);
  add_session("1", "USER=carol\nREALTIME=400000000\n");
  add_session("2", "USER=alice\nREALTIME=100000000\n");
  add_session("3", "USER=dave\nREALTIME=50000000\n");
  add_session("4", "USER=carol\nREALTIME=40000000\n");
  const auto all = users();
  ASSERT_EQ(all.size(), 4U);
  EXPECT_EQ(all[0].user, "bob");
  EXPECT_EQ(all[1].user, "alice");
  EXPECT_DOUBLE_EQ(all[1].login_time, 200);
  EXPECT_EQ(all[2].user, "carol");
  EXPECT_DOUBLE_EQ(all[2].login_time, 40);
  EXPECT_EQ(all[3].user, "dave");
}

TEST_F(UsersTest, ANameThatUtmpTruncatesIsOneUser) {
  const std::string max_name(sizeof(utmp::ut_user), 'x');
  add(max_name, 5);
  add_session("1", "USER=" + max_name + "yz\nREALTIME=400000000\n");
  EXPECT_EQ(users().size(), 1U);
}

}  // namespace
}  // namespace bellhop::platform
