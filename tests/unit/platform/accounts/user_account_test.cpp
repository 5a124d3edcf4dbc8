// SPDX-License-Identifier: Apache-2.0
#include "platform/accounts/user_account.h"

#include <gtest/gtest.h>
#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "unit/temporary_directory.h"

namespace bellhop::platform {
namespace {

TEST(UserAccount, IsFoundInTheUserDatabase) {
  const auto root = find_user("root", "/");
  ASSERT_TRUE(root) << root.error().message;
  EXPECT_EQ(root->name, "root");
  EXPECT_EQ(root->user_id, 0U);
  EXPECT_EQ(root->group_id, 0U);
  EXPECT_NE(std::ranges::find(root->groups, 0U), root->groups.end());
  EXPECT_EQ(root->home, ::getpwnam("root")->pw_dir);
}

TEST(UserAccount, ReportsAnUnknownUser) {
  for (const char* name : {"no-such-user", "", "root:x", "ro\not"}) {
    const auto user = find_user(name, "/");
    ASSERT_FALSE(user);
    EXPECT_EQ(user.error().message,
              fmt::format("failed to lookup user '{}': there is no such user", name));
  }
}

class UserAccountInATree : public ::testing::Test {
 protected:
  void users(const std::string& text) {
    std::filesystem::create_directories(root / "etc");
    root.file("etc/passwd", text);
  }
  TemporaryDirectory root;
};

TEST_F(UserAccountInATree, HasItsHomeInTheTree) {
  users("root:x:0:0:root:/root:/bin/sh\nalice:x:61001:61002:,,,:/home/alice:/bin/sh\n");
  const auto alice = find_user("alice", root.path());
  ASSERT_TRUE(alice) << alice.error().message;
  EXPECT_EQ(alice->user_id, 61001U);
  EXPECT_EQ(alice->group_id, 61002U);
  EXPECT_EQ(alice->groups, std::vector<std::uint32_t>{61002U});
  EXPECT_EQ(alice->home, root / "home/alice");
}

TEST_F(UserAccountInATree, IsNotReadFromInvalidLines) {
  users("alice\nalice:x:1\n# alice:x:1:1::/:/\nbob:x:2:2::/home/bob:\n");
  EXPECT_FALSE(find_user("alice", root.path()));
  EXPECT_TRUE(find_user("bob", root.path()));
  EXPECT_FALSE(find_user("", root.path()));
}

TEST_F(UserAccountInATree, ReportsAMissingPasswdFile) {
  const auto user = find_user("alice", root.path());
  ASSERT_FALSE(user);
  EXPECT_EQ(user.error().message, "failed to lookup user 'alice': No such file or directory");
}

}  // namespace
}  // namespace bellhop::platform
