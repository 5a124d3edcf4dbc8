// SPDX-License-Identifier: Apache-2.0
#include "base/key_file.h"

#include <gtest/gtest.h>

namespace bellhop {
namespace {

// The value of `key` in [general], or "(none)".
std::string value_of(std::string_view text, std::string_view key = "k") {
  const auto file = KeyFile::parse(text);
  if (!file) return "error: " + file.error().message;
  const auto* entry = file->find("general", key);
  return entry ? entry->value : "(none)";
}

std::string error_of(std::string_view text) {
  const auto file = KeyFile::parse(text);
  return file ? "no error" : file.error().message;
}

TEST(KeyFile, ParsesGroupsKeysAndComments) {
  EXPECT_EQ(value_of("\n# comment\n  # comment\n[general]\nk=v\n"), "v");
  EXPECT_EQ(value_of("[general]\nk=v"), "v");
  EXPECT_EQ(value_of(" [general] \t\n \t k \t = \t v w \n"), "v w ");
  EXPECT_EQ(value_of("[general]\r\nk=v\r\n"), "v");
  EXPECT_EQ(value_of("[general]\nk=a=b;#c\n"), "a=b;#c");
  EXPECT_EQ(value_of("[general]\nk=\n"), "");
  EXPECT_EQ(value_of("[other]\nk=v\n"), "(none)");
  EXPECT_EQ(value_of(""), "(none)");
}

TEST(KeyFile, MergesGroupsAndUsesTheLastKey) {
  EXPECT_EQ(value_of("[general]\nk=1\n[other]\nk=2\n[general]\nk=3\n[other]\nk=4\n"), "3");
}

TEST(KeyFile, DistinguishesTranslatedKeys) {
  EXPECT_EQ(value_of("[general]\nk=1\nk[de_DE@x]=2\n"), "1");
}

TEST(KeyFile, EndsALineAtNul) {
  EXPECT_EQ(value_of(std::string_view("[general]\nk=a\0b\nl=c\n", 20)), "a");
}

TEST(KeyFile, ReportsErrorsAsGLibDoes) {
  EXPECT_EQ(error_of("k=v\n"), "Key file does not start with a group");
  const std::string_view no_pair = "” which is not a key-value pair, group, or comment";
  for (const std::string line : {"foo", "=v", " ;x", "[general", "[general] x"}) {
    EXPECT_EQ(error_of("[general]\n" + line + "\n"),
              "Key file contains line “" + line + std::string(no_pair));
  }
  EXPECT_EQ(error_of("[]\n"), "Invalid group name: ");
  EXPECT_EQ(error_of("[a[b]\n"), "Invalid group name: a[b");
  EXPECT_EQ(error_of("[a\tb]\n"), "Invalid group name: a\tb");
  EXPECT_EQ(error_of("[general]\nk]=v\n"), "Invalid key name: k]");
  EXPECT_EQ(error_of("[general]\nk[d e]=v\n"), "Invalid key name: k[d e]");
  EXPECT_EQ(error_of("[general]\nEncoding=latin1\n"),
            "Key file contains unsupported encoding “latin1”");
  EXPECT_EQ(error_of("[general]\nEncoding=utf-8\n"), "no error");
}

TEST(KeyFile, ReportsTheLineOfAnError) {
  const auto file = KeyFile::parse("[general]\n\n# x\nfoo\n");
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().line, 4u);
}

TEST(KeyFile, SkipsLinesThatAreNotValid) {
  const auto file = KeyFile::parse_valid_lines("x\n[general]\nfoo\n[a[b]\nk=v\n");
  ASSERT_EQ(file.groups().size(), 1u);
  ASSERT_TRUE(file.find("general", "k"));
  EXPECT_EQ(file.find("general", "k")->value, "v");
}

TEST(KeyFile, StoresTheLineOfGroupsAndKeys) {
  const auto file = KeyFile::parse("\n[general]\n\nk=v\n");
  ASSERT_TRUE(file);
  EXPECT_EQ(file->groups().at(0).line, 2u);
  EXPECT_EQ(file->find("general", "k")->line, 4u);
}

}  // namespace
}  // namespace bellhop
