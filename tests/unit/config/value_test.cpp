// SPDX-License-Identifier: Apache-2.0
#include "config/value.h"

#include <gtest/gtest.h>

namespace bellhop::config {
namespace {

Value value_of(std::string_view text) {
  return {.key = "k", .text = text};
}

TEST(StringValue, DecodesEscapes) {
  EXPECT_EQ(string_value(value_of(R"(\sa\tb\nc\rd\\e)")), " a\tb\nc\rd\\e");
  EXPECT_EQ(string_value(value_of("a;b,c")), "a;b,c");
}

TEST(StringValue, RejectsOtherEscapesAndInvalidUtf8) {
  for (const char* bad : {"\\x", "a\\", "\\;"}) {
    const auto value = string_value(value_of(bad));
    ASSERT_FALSE(value) << bad;
    EXPECT_EQ(value.error().message,
              "Key file contains key “k” which has a value that cannot be interpreted.");
  }
  const auto value = string_value(value_of("\xff"));
  ASSERT_FALSE(value);
  EXPECT_EQ(value.error().message,
            "Key file contains key “k” with value “\xff” which is not UTF-8");
}

TEST(StringValue, OfAnOptionIsUnchanged) {
  EXPECT_EQ(string_value({.key = "k", .text = "\\s\xff", .has_escapes = false}), "\\s\xff");
}

TEST(BooleanValue, IsTrueFalseOneOrZero) {
  EXPECT_EQ(boolean_value(value_of("true")), true);
  EXPECT_EQ(boolean_value(value_of("1 \t")), true);
  EXPECT_EQ(boolean_value(value_of("false")), false);
  EXPECT_EQ(boolean_value(value_of("0")), false);
  for (const char* bad : {"", "TRUE", "yes", "10", "true x"})
    EXPECT_FALSE(boolean_value(value_of(bad)));
}

TEST(ListValue, IsSeparatedBySemicolons) {
  using List = std::vector<std::string>;
  EXPECT_EQ(list_value(value_of(""), ';'), List{});
  EXPECT_EQ(list_value(value_of("a"), ';'), List{"a"});
  EXPECT_EQ(list_value(value_of("a;b;"), ';'), (List{"a", "b"}));
  EXPECT_EQ(list_value(value_of(R"(a\;b;\sc;;)"), ';'), (List{"a;b", " c", ""}));
  EXPECT_EQ(list_value(value_of(R"(a\,b,c;)"), ','), (List{"a,b", "c;"}));
  EXPECT_FALSE(list_value(value_of("a\\"), ';'));
  EXPECT_FALSE(list_value(value_of("\xff"), ';'));
}

TEST(EscapedValue, IsDecodedToTheSameText) {
  for (const std::string text : {"", "a b ", "  \ta", "a\nb\rc\\d", "ä;,="}) {
    EXPECT_EQ(string_value(value_of(escaped_value(text))), text);
  }
  EXPECT_EQ(escaped_value(" \ta b\t"), "\\s\\ta b\t");
}

}  // namespace
}  // namespace bellhop::config
