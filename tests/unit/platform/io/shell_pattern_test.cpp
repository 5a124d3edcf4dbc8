// SPDX-License-Identifier: Apache-2.0
#include "platform/io/shell_pattern.h"

#include <gtest/gtest.h>

namespace bellhop::platform {
namespace {

void expect_matches(const std::string& pattern, std::initializer_list<const char*> texts) {
  for (const std::string text : texts) {
    EXPECT_TRUE(matches_shell_pattern(pattern, text)) << pattern << " " << text;
  }
}

void expect_rejects(const std::string& pattern, std::initializer_list<const char*> texts) {
  for (const std::string text : texts) {
    EXPECT_FALSE(matches_shell_pattern(pattern, text)) << pattern << " " << text;
  }
}

TEST(ShellPattern, WithoutWildcardsMatchesItself) {
  expect_matches("vfat", {"vfat"});
  expect_rejects("vfat", {"", "vfa", "vfat2", "xvfat", "VFAT"});
}

TEST(ShellPattern, AStarMatchesAnyCharactersAlsoSlashes) {
  expect_matches("/mnt/backup*",
                 {"/mnt/backup", "/mnt/backup1", "/mnt/backup/a/b", "/mnt/backup.x"});
  expect_rejects("/mnt/backup*", {"/mnt/back", "/srv/mnt/backup"});
  expect_matches("*", {"", "x", "/", ".x"});
}

TEST(ShellPattern, OtherWildcardsMatchOneCharacter) {
  expect_matches("ext?", {"ext2", "ext4"});
  expect_rejects("ext?", {"ext", "ext44"});
  expect_matches("a?c", {"a/c"});
  expect_matches("sd[a-cx]", {"sda", "sdx"});
  expect_rejects("sd[a-cx]", {"sdd", "sd", "sdaa"});
  expect_matches("sd[!a-c]", {"sdd"});
  expect_rejects("sd[!a-c]", {"sda"});
}

TEST(ShellPattern, ABackslashTakesTheNextCharacterLiterally) {
  expect_matches(R"(\*\?\[a])", {"*?[a]"});
  expect_rejects(R"(\*)", {"x"});
}

}  // namespace
}  // namespace bellhop::platform
