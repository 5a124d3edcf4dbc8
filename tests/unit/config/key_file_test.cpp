#include "config/key_file.h"

#include <gtest/gtest.h>

#include "unit/temporary_directory.h"

namespace bellhop::config {
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

KeyFile::Entry entry(std::string value) {
  return {"k", std::move(value), 1};
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

TEST(KeyFile, StoresTheLineOfGroupsAndKeys) {
  const auto file = KeyFile::parse("\n[general]\n\nk=v\n");
  ASSERT_TRUE(file);
  EXPECT_EQ(file->groups().at(0).line, 2u);
  EXPECT_EQ(file->find("general", "k")->line, 4u);
}

TEST(KeyFile, LoadsRegularFilesOnly) {
  const TemporaryDirectory directory;
  EXPECT_TRUE(KeyFile::load(directory.file("good", "[general]\n")));
  const auto missing = KeyFile::load(directory.path("missing"));
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().message, "No such file or directory");
  EXPECT_EQ(missing.error().system, std::errc::no_such_file_or_directory);
  const auto loaded = KeyFile::load(directory.path(""));
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().message, "Not a regular file");
  const auto below_file = KeyFile::load(directory.path("good/x"));
  ASSERT_FALSE(below_file);
  EXPECT_EQ(below_file.error().message, "Not a directory");
}

TEST(KeyFile, LoadsFilesOfAnySize) {
  const TemporaryDirectory directory;
  const std::string comments(100'000, '#');
  const auto file = KeyFile::load(directory.file("big", comments + "\n[general]\nk=v\n"));
  ASSERT_TRUE(file);
  EXPECT_NE(file->find("general", "k"), nullptr);
}

TEST(KeyFileString, DecodesEscapes) {
  EXPECT_EQ(string_value(entry(R"(\sa\tb\nc\rd\\e)")), " a\tb\nc\rd\\e");
  EXPECT_EQ(string_value(entry("a;b,c")), "a;b,c");
}

TEST(KeyFileString, RejectsOtherEscapesAndInvalidUtf8) {
  for (const char* bad : {"\\x", "a\\", "\\;"}) {
    const auto value = string_value(entry(bad));
    ASSERT_FALSE(value) << bad;
    EXPECT_EQ(value.error().message,
              "Key file contains key “k” which has a value that cannot be interpreted.");
  }
  const auto value = string_value(entry("\xff"));
  ASSERT_FALSE(value);
  EXPECT_EQ(value.error().message,
            "Key file contains key “k” with value “\xff” which is not UTF-8");
}

TEST(KeyFileBoolean, IsTrueFalseOneOrZero) {
  EXPECT_EQ(boolean_value(entry("true")), true);
  EXPECT_EQ(boolean_value(entry("1 \t")), true);
  EXPECT_EQ(boolean_value(entry("false")), false);
  EXPECT_EQ(boolean_value(entry("0")), false);
  for (const char* bad : {"", "TRUE", "yes", "10", "true x"})
    EXPECT_FALSE(boolean_value(entry(bad)));
}

TEST(KeyFileList, IsSeparatedBySemicolons) {
  using List = std::vector<std::string>;
  EXPECT_EQ(list_value(entry("")), List{});
  EXPECT_EQ(list_value(entry("a")), List{"a"});
  EXPECT_EQ(list_value(entry("a;b;")), (List{"a", "b"}));
  EXPECT_EQ(list_value(entry(R"(a\;b;\sc;;)")), (List{"a;b", " c", ""}));
  EXPECT_FALSE(list_value(entry("a\\")));
  EXPECT_FALSE(list_value(entry("\xff")));
}

TEST(KeyFileEscapes, AreDecodedToTheSameText) {
  for (const std::string text : {"", "a b ", "  \ta", "a\nb\rc\\d", "ä;,="}) {
    EXPECT_EQ(string_value(entry(escaped_value(text))), text);
  }
  EXPECT_EQ(escaped_value(" \ta b\t"), "\\s\\ta b\t");
}

}  // namespace
}  // namespace bellhop::config
