// SPDX-License-Identifier: Apache-2.0
#include "base/shell_pattern.h"

#include <gtest/gtest.h>

#include <string>

namespace bellhop {
namespace {

void expect_matches(std::string_view pattern, std::initializer_list<std::string_view> texts) {
  for (const auto text : texts) {
    EXPECT_TRUE(matches_shell_pattern(pattern, text)) << pattern << " " << text;
  }
}

void expect_rejects(std::string_view pattern, std::initializer_list<std::string_view> texts) {
  for (const auto text : texts) {
    EXPECT_FALSE(matches_shell_pattern(pattern, text)) << pattern << " " << text;
  }
}

TEST(ShellPattern, WithoutWildcardsMatchesItself) {
  expect_matches("vfat", {"vfat"});
  expect_rejects("vfat", {"", "vfa", "vfat2", "xvfat", "VFAT"});
  expect_matches("", {""});
  expect_rejects("", {"x"});
}

TEST(ShellPattern, AStarMatchesAnyCharactersAlsoSlashes) {
  expect_matches("/mnt/backup*", {"/mnt/backup", "/mnt/backup1", "/mnt/backup/a/b"});
  expect_rejects("/mnt/backup*", {"/mnt/back", "/srv/mnt/backup"});
  expect_matches("*", {"", "x", "/"});
  expect_matches("a*b*c", {"abc", "aabbcc", "abcbc", "axbxc"});
  expect_rejects("a*b*c", {"ab", "acb", "abcd"});
  expect_matches("**x**", {"x", "axb"});
}

TEST(ShellPattern, AQuestionMarkMatchesOneCharacter) {
  expect_matches("ext?", {"ext2", "ext4", "ext\u00e4", "ext\U0001F600"});
  expect_rejects("ext?", {"ext", "ext44", "ext\u00e4\u00e4"});
  expect_matches("a?c", {"a/c"});
  expect_matches("??", {"\xff\xfe", "\xc3z"});
}

TEST(ShellPattern, ASetMatchesOneOfItsCharacters) {
  expect_matches("sd[a-cx]", {"sda", "sdb", "sdc", "sdx"});
  expect_rejects("sd[a-cx]", {"sdd", "sd", "sd-", "sdaa"});
  expect_matches("[]a]", {"]", "a"});
  expect_matches("[a-]", {"a", "-"});
  expect_matches("[\\]]", {"]"});
  expect_rejects("[\\]]", {"\\"});
}

TEST(ShellPattern, ANegatedSetMatchesAnotherCharacter) {
  for (const auto* pattern : {"sd[!a-c]", "sd[^a-c]"}) {
    expect_matches(pattern, {"sdd", "sd!"});
    expect_rejects(pattern, {"sda", "sdc", "sd"});
  }
  expect_rejects("[!]a]", {"]", "a"});
}

TEST(ShellPattern, ABracketThatIsNotClosedStandsForItself) {
  expect_matches("a[b", {"a[b"});
  expect_matches("[", {"["});
  expect_matches("[!", {"[!"});
  expect_rejects("a[b", {"ab"});
}

TEST(ShellPattern, ABackslashTakesTheNextCharacterLiterally) {
  expect_matches(R"(\*\?\[a])", {"*?[a]"});
  expect_rejects(R"(\*)", {"x", R"(\x)"});
  expect_matches(R"(a\\b)", {R"(a\b)"});
  expect_matches(R"(a\)", {R"(a\)"});
}

TEST(ShellPattern, ManyStarsDoNotTakeExponentialTime) {
  std::string pattern;
  for (int i = 0; i < 200; ++i) pattern += "*a";
  EXPECT_FALSE(matches_shell_pattern(pattern + "b", std::string(5000, 'a')));
}

}  // namespace
}  // namespace bellhop
