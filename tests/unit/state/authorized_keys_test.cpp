// SPDX-License-Identifier: Apache-2.0
#include "state/authorized_keys.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "unit/temporary_directory.h"

namespace bellhop::state {
namespace {

using List = std::vector<std::string>;
using Views = std::vector<std::string_view>;

TEST(CheckKeys, RejectsCommentsAndSeveralLines) {
  EXPECT_TRUE(check_keys(Views{}));
  EXPECT_TRUE(check_keys(Views{"ssh-ed25519 AAAA me", "", " #x", "a\rb"}));
  EXPECT_EQ(check_keys(Views{"good", "#x", "a\nb"}).error().message,
            "invalid OpenSSH public key: '#x'");
  EXPECT_EQ(check_keys(Views{"a\nb"}).error().message, "invalid OpenSSH public key: 'a\nb'");
}

TEST(ListedKeys, AreInReverseOrderWithoutCommentsAndSpace) {
  EXPECT_EQ(listed_keys(""), List{});
  EXPECT_EQ(listed_keys("\n\n \t\n"), List{});
  EXPECT_EQ(listed_keys("# c\n\n  k1 x  \nk2\r\n\tk3\n  # d"), (List{"k3", "k2", "k1 x"}));
}

TEST(ListedKeys, MayContainAZeroByte) {
  using namespace std::string_view_literals;
  EXPECT_EQ(listed_keys("k1\0x\nk2\n"sv), (List{"k2", std::string("k1\0x", 4)}));
}

TEST(WithKeys, AppendsNewKeys) {
  EXPECT_EQ(with_keys("", Views{"k1"}), "k1");
  EXPECT_EQ(with_keys("k1", Views{"k2", "k3"}), "k1\nk2\nk3");
  EXPECT_EQ(with_keys("k1\n", Views{"k2"}), "k1\n\nk2");
  EXPECT_EQ(with_keys("", Views{}), "");
}

TEST(WithKeys, SkipsKeysThatTheFileHas) {
  EXPECT_EQ(with_keys("k1\n# c\n k2", Views{"k1", "k2", "k2", "# c"}), "k1\n# c\n k2\nk2");
  EXPECT_EQ(with_keys("k1\n", Views{""}), "k1\n");
}

TEST(WithoutKeys, RemovesExactlyMatchingLines) {
  EXPECT_EQ(without_keys("k1\nk2\nk1\n", Views{"k1"}), "k2\n");
  EXPECT_EQ(without_keys("k1 \n k1\nk1x", Views{"k1"}), "k1 \n k1\nk1x");
  EXPECT_EQ(without_keys("k1", Views{"k1"}), "");
  EXPECT_EQ(without_keys("# c\nk1\n", Views{}), "# c\nk1\n");
  EXPECT_EQ(without_keys("a\n\nb\n", Views{""}), "a\nb");
}

TEST(Keys, AreUpdatedInLinearTime) {
  std::string content;
  std::vector<std::string> keys;
  for (int i = 0; i < 50'000; ++i) keys.push_back(fmt::format("key {}", i));
  const Views views(keys.begin(), keys.end());
  content = with_keys("", views);
  EXPECT_EQ(with_keys(content, views), content);
  EXPECT_EQ(without_keys(content, views), "");
}

// Updates a file as the user who runs the test.
class Update : public ::testing::Test {
 protected:
  Update() { ::chmod(directory.path().c_str(), 0755); }

  platform::AuthorizedKeysFile file(platform::AuthorizedKeysFile::Hook hook = {}) const {
    const std::uint32_t group = ::getegid();
    return platform::AuthorizedKeysFile({.name = "me",
                                         .user_id = ::geteuid(),
                                         .group_id = group,
                                         .groups = {group},
                                         .home = directory.path()},
                                        std::chrono::minutes(1), std::move(hook));
  }
  void put(const std::string& text) const {
    ::mkdir((directory / ".ssh").c_str(), 0700);
    directory.file(".ssh/authorized_keys", text);
  }
  std::string content() const { return directory.content(".ssh/authorized_keys"); }

  TemporaryDirectory directory;
};

std::string append_x(std::string_view content) {
  return std::string(content) + "x";
}

TEST_F(Update, ReplacesTheContent) {
  put("abc");
  ASSERT_TRUE(update(file(), false, append_x));
  EXPECT_EQ(content(), "abcx");
}

TEST_F(Update, CreatesAFileOnlyOnRequest) {
  ASSERT_TRUE(update(file(), false, append_x));
  EXPECT_FALSE(std::filesystem::exists(directory / ".ssh"));
  ASSERT_TRUE(update(file(), true, append_x));
  EXPECT_EQ(content(), "x");
}

TEST_F(Update, DoesNotChangeAFileThatCannotBeRead) {
  put("abc");
  ::rename((directory / ".ssh/authorized_keys").c_str(), (directory / "keys").c_str());
  ::symlink("../keys", (directory / ".ssh/authorized_keys").c_str());
  EXPECT_FALSE(update(file(), true, append_x));
  EXPECT_FALSE(update(file(), false, append_x));
  EXPECT_EQ(directory.content("keys"), "abc");
}

TEST_F(Update, RetriesWhenTheFileHasChanged) {
  put("abc");
  int changes = 0;
  const auto change = [&](std::string_view old) {
    if (++changes <= 2) put(fmt::format("{}{}", old, changes));
    return append_x(old);
  };
  ASSERT_TRUE(update(file(), false, change));
  EXPECT_EQ(content(), "abc12x");
  EXPECT_EQ(changes, 3);
}

TEST_F(Update, FailsWhenTheFileKeepsChanging) {
  put("");
  const auto change = [&](std::string_view old) {
    put(fmt::format("{}1", old));
    return append_x(old);
  };
  const auto updated = update(file(), false, change);
  ASSERT_FALSE(updated);
  EXPECT_EQ(updated.error().message,
            fmt::format("failed to write to '{}': something else changes it all the time",
                        directory / ".ssh/authorized_keys"));
  EXPECT_EQ(content(), "11111111");
}

}  // namespace
}  // namespace bellhop::state
