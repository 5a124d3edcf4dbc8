// SPDX-License-Identifier: Apache-2.0
#include "base/text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <limits>

namespace bellhop::text {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

TEST(Trim, RemovesSpaceAtBothEnds) {
  EXPECT_EQ(trim(" \t\n\v\f\ra b\r\n"), "a b");
  EXPECT_EQ(trim("a"), "a");
  EXPECT_EQ(trim(" \n "), "");
  EXPECT_EQ(trim(""), "");
}

TEST(Trim, TrimStartAndTrimEndRemoveSpaceAtOneEnd) {
  EXPECT_EQ(trim_start("  a  "), "a  ");
  EXPECT_EQ(trim_end("  a  "), "  a");
  EXPECT_EQ(trim_start("  "), "");
  EXPECT_EQ(trim_end("  "), "");
}

TEST(Trim, RemovesOnlyTheGivenCharacters) {
  EXPECT_EQ(trim("\va\v", glib_space), "\va\v");
  EXPECT_EQ(trim_end("a \n\n", "\n"), "a ");
}

TEST(ConsumeUntil, RemovesTheDelimiter) {
  std::string_view rest = "a:b::";
  EXPECT_EQ(consume_until(rest, ':'), "a");
  EXPECT_EQ(consume_until(rest, ':'), "b");
  EXPECT_EQ(consume_until(rest, ':'), "");
  EXPECT_EQ(rest, "");
  rest = "c";
  EXPECT_EQ(consume_until(rest, ':'), "c");
  EXPECT_EQ(rest, "");
}

TEST(ConsumeLine, ConsumesALastLineWithoutALineFeed) {
  std::string_view rest = "a\n\nb";
  EXPECT_EQ(consume_line(rest), "a");
  EXPECT_EQ(consume_line(rest), "");
  EXPECT_EQ(consume_line(rest), "b");
  EXPECT_EQ(rest, "");
}

TEST(ConsumeWord, SkipsLeadingBlanks) {
  std::string_view rest = " \ta\tb ";
  EXPECT_EQ(consume_word(rest), "a");
  EXPECT_EQ(consume_word(rest), "b");
  EXPECT_EQ(consume_word(rest), "");
}

TEST(Words, AreSeparatedByBlanks) {
  EXPECT_THAT(words("  8\t0 sda  1 "), ElementsAre("8", "0", "sda", "1"));
  EXPECT_THAT(words(" \t"), IsEmpty());
  EXPECT_THAT(words(""), IsEmpty());
}

TEST(Split, KeepsEmptyParts) {
  EXPECT_THAT(split("a:b", ':'), ElementsAre("a", "b"));
  EXPECT_THAT(split(":a:", ':'), ElementsAre("", "a", ""));
  EXPECT_THAT(split("", ':'), ElementsAre(""));
}

TEST(SplitOnce, SplitsAtTheFirstSeparator) {
  EXPECT_THAT(split_once("a=b=c", '='), ::testing::Optional(Pair("a", "b=c")));
  EXPECT_THAT(split_once("=", '='), ::testing::Optional(Pair("", "")));
  EXPECT_EQ(split_once("a", '='), std::nullopt);
}

TEST(FindValue, ReturnsTheValueOfTheFirstLineWithTheCompleteName) {
  constexpr std::string_view lines = "ID=1\nNAMES=2\nNAME\nNAME=3=4\nNAME=5";
  EXPECT_EQ(find_value(lines, "NAME"), "3=4");
  EXPECT_EQ(find_value(lines, "AME"), std::nullopt);
  EXPECT_EQ(find_value("A=\n", "A"), "");
  EXPECT_EQ(find_value("", "A"), std::nullopt);
}

TEST(ParseNumber, ParsesTheCompleteText) {
  EXPECT_EQ(parse_number<int>("12"), 12);
  EXPECT_EQ(parse_number<int>("-12"), -12);
  EXPECT_EQ(parse_number<int>("1f", 16), 31);
  for (const char* text : {"", "x", "1x", " 1", "1 ", "+1", "0x1", "-"}) {
    EXPECT_EQ(parse_number<int>(text), std::nullopt) << text;
  }
}

TEST(ParseNumber, RejectsNumbersOutsideTheRangeOfTheType) {
  EXPECT_EQ(parse_number<std::uint8_t>("255"), 255);
  EXPECT_EQ(parse_number<std::uint8_t>("256"), std::nullopt);
  EXPECT_EQ(parse_number<unsigned>("-1"), std::nullopt);
  EXPECT_EQ(parse_number<std::int64_t>("-9223372036854775808"),
            std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(parse_number<std::int64_t>("9223372036854775808"), std::nullopt);
}

TEST(ParseNumberAfter, RequiresThePrefix) {
  EXPECT_EQ(parse_number_after<unsigned>("ata", "ata3"), 3U);
  EXPECT_EQ(parse_number_after<unsigned>("ata", "ata"), std::nullopt);
  EXPECT_EQ(parse_number_after<unsigned>("ata", "host3"), std::nullopt);
  EXPECT_EQ(parse_number_after<unsigned>("cpu", "cpuidle"), std::nullopt);
}

TEST(AppendEscaped, KeepsTextOnOneLine) {
  std::string line = "> ";
  append_escaped(line, "a\nb\tä\x1b[31m\x7f\r");
  EXPECT_EQ(line, "> a\\nb\tä\\x1b[31m\\x7f\\x0d");
}

}  // namespace
}  // namespace bellhop::text
