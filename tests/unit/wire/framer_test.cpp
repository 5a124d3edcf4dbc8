// SPDX-License-Identifier: Apache-2.0
#include "wire/framer.h"

#include <gtest/gtest.h>

#include "unit/wire/answers.h"

namespace bellhop::wire {
namespace {

using testing::Answers;
using testing::feed;

std::string repeat(std::string_view text, std::size_t times) {
  std::string out;
  out.reserve(text.size() * times);
  for (std::size_t i = 0; i < times; ++i) out += text;
  return out;
}

TEST(Framer, NeedsNoNewlineAfterAnObject) {
  EXPECT_EQ(feed("{\"a\":1}"), Answers{"{\"a\": 1}"});
  EXPECT_EQ(feed("{}[]\"a\"\n {}"), (Answers{"{}", "[]", "\"a\"", "{}"}));
}

TEST(Framer, EndsANumberOrKeywordAtTheNextByte) {
  EXPECT_EQ(feed("1"), Answers{});
  EXPECT_EQ(feed("1 true\n"), (Answers{"1", "true"}));
  EXPECT_EQ(feed("1\"a\"2[]null{}"), (Answers{"1", "\"a\"", "2", "[]", "null", "{}"}));
}

TEST(Framer, YieldsTheSameMessagesForAnySplit) {
  const std::string bytes =
      "{\"a\" : [1, 'b\\u00e9\xC3\xA9', {\"c\": \"\\ud83d\\ude00\"}]}\xFF{\"x\":}*foo\n[1 "
      "2]}{\"k\": \"" +
      std::string(700, 'p') + "\", \"l\": '" + std::string(90, ' ') + "\\n'}\n 17 tru \"\x01";
  for (std::size_t piece = 1; piece < 60; ++piece) EXPECT_EQ(feed(bytes, piece), feed(bytes));
}

TEST(Framer, ReportsEveryResetByte) {
  EXPECT_EQ(feed("\xFF\xFF\n"), (Answers{"1:1: JSON parse error, stray '\xFF'",
                                         "1:3: JSON parse error, stray '\xFF'"}));
  EXPECT_EQ(feed("\xFE"), Answers{"1:1: JSON parse error, stray '\xFE'"});
  EXPECT_EQ(feed("\x1B"), Answers{"1:1: JSON parse error, stray '\x1B'"});
}

TEST(Framer, QuotesNoNulInErrors) {
  EXPECT_EQ(feed(std::string("\0{}", 3)), (Answers{"1:1: JSON parse error, stray ''", "{}"}));
  EXPECT_EQ(feed(std::string("\"ab\0{}", 6)),
            (Answers{"1:1: JSON parse error, stray '\"ab'", "{}"}));
}

TEST(Framer, ResetsItsStateAfterStrayBytes) {
  EXPECT_EQ(feed("{\"a\":\xFF{}"), (Answers{"1:6: JSON parse error, stray '\xFF'", "{}"}));
  EXPECT_EQ(feed("{\"abc\n{}"), (Answers{"1:2: JSON parse error, stray '\"abc\n'", "{}"}));
}

TEST(Framer, ReportsASyntaxErrorWhenItsTokenIsComplete) {
  Framer framer;
  EXPECT_EQ(feed(framer, "{\"a\" "), Answers{});
  EXPECT_EQ(feed(framer, "1"), Answers{});
  EXPECT_EQ(feed(framer, "2"), Answers{});
  EXPECT_EQ(feed(framer, ","), Answers{"1:6: JSON parse error, expecting ':'"});
}

TEST(Framer, DiscardsAfterASyntaxErrorUntilBracketsBalance) {
  EXPECT_EQ(feed("{\"a\" 1, [{}, :: \"}\" true]} {}"),
            (Answers{"1:6: JSON parse error, expecting ':'", "{}"}));
  EXPECT_EQ(feed("[{]} {}"), (Answers{"1:3: JSON parse error, expecting key", "{}"}));
}

TEST(Framer, StopsDiscardingAtAnUnmatchedClosingBracket) {
  EXPECT_EQ(feed("{]{}"), (Answers{"1:2: JSON parse error, expecting key", "{}"}));
  EXPECT_EQ(feed("[}]{}"), (Answers{"1:2: JSON parse error, expecting value",
                                    "1:3: JSON parse error, expecting value", "{}"}));
}

TEST(Framer, ReportsNoStrayBytesWhileDiscarding) {
  EXPECT_EQ(feed("[:\xFF{}"), (Answers{"1:2: JSON parse error, expecting value", "{}"}));
  EXPECT_EQ(feed("[:\"abc\x01{}"), (Answers{"1:2: JSON parse error, expecting value", "{}"}));
}

TEST(Framer, DropsIncompleteInputOnReset) {
  Framer framer;
  EXPECT_EQ(feed(framer, "\n{\"a\": \"xyz"), Answers{});
  framer.reset();
  EXPECT_TRUE(framer.idle());
  EXPECT_EQ(feed(framer, "}{}"), (Answers{"2:11: JSON parse error, expecting value", "{}"}));
}

TEST(Framer, StopsDiscardingOnReset) {
  Framer framer;
  EXPECT_EQ(feed(framer, "[[:*"), Answers{"1:3: JSON parse error, expecting value"});
  framer.reset();
  EXPECT_EQ(feed(framer, "{}"), Answers{"{}"});
}

TEST(FramerLimits, RestrictNestingTo1024Levels) {
  const auto nested = [](std::size_t depth) { return repeat("[", depth) + repeat("]", depth); };
  EXPECT_EQ(feed(nested(1024) + "1 "), (Answers{nested(1024), "1"}));
  EXPECT_EQ(feed(nested(1025) + "1 "), (Answers{"JSON nesting depth limit exceeded", "1"}));
  EXPECT_EQ(feed(repeat("[{\"a\":", 512) + "["), Answers{"JSON nesting depth limit exceeded"});
}

TEST(FramerLimits, CheckNestingBeforeSyntax) {
  EXPECT_EQ(feed(repeat("[", 1024) + "1 ["), Answers{"JSON nesting depth limit exceeded"});
}

TEST(FramerLimits, RestrictAMessageToTwoToThe21Tokens) {
  const std::string tokens = "[" + repeat("1,", (1 << 20) - 1) + "1 ";
  Framer framer;
  EXPECT_EQ(feed(framer, tokens), Answers{});
  EXPECT_EQ(feed(framer, "]{}"), (Answers{"JSON token count limit exceeded", "{}"}));
  EXPECT_EQ(feed(framer, tokens + "*{}"), (Answers{"JSON token count limit exceeded", "{}"}));
}

TEST(FramerLimits, RestrictTheTokenBytesOfAMessage) {
  const std::string max_token = "[\"" + std::string(token_size_limit - 5, 'a') + "\"";
  Framer framer;
  EXPECT_EQ(feed(framer, max_token + " ]{}").size(), 2u);
  EXPECT_EQ(feed(framer, max_token + ",]{}"), (Answers{"JSON token size limit exceeded", "{}"}));
}

TEST(FramerLimits, IgnoreWhiteSpace) {
  Framer framer;
  EXPECT_EQ(feed(framer, "[1"), Answers{});
  const std::string space(1 << 20, ' ');
  for (int i = 0; i < 70; ++i) feed(framer, space);
  EXPECT_EQ(feed(framer, "]"), Answers{"[1]"});
}

TEST(FramerLimits, RejectAnIncompleteTokenOneByteAfterTheLimit) {
  Framer framer;
  EXPECT_EQ(feed(framer, "[\"" + std::string(token_size_limit - 1, 'a')), Answers{});
  EXPECT_EQ(feed(framer, "a"), Answers{"JSON token size limit exceeded"});
  EXPECT_EQ(feed(framer, "a ]{}"), Answers{"{}"})
      << "the rest is lexed as new tokens and discarded";
}

TEST(FramerMemory, WhiteSpaceBetweenTokensIsNotStored) {
  Framer framer;
  for (int i = 0; i < 3000; ++i) {
    feed(framer, i == 0 ? "[\"a\"" : ",\"a\"");
    feed(framer, std::string(4000, ' '), 1000);
  }
  EXPECT_LT(framer.capacity(), 100'000u);
  EXPECT_EQ(feed(framer, "]"), Answers{"[\"a\"" + repeat(", \"a\"", 2999) + "]"});
}

TEST(FramerMemory, DiscardedTokensAreNotStored) {
  Framer framer;
  feed(framer, "[:");
  for (int i = 0; i < 3000; ++i) feed(framer, "[\"" + std::string(4000, 'a'), 1000);
  EXPECT_LT(framer.capacity(), 100'000u);
}

TEST(FramerMemory, IsSmallAfterALargeMessage) {
  Framer framer;
  EXPECT_EQ(feed(framer, "{\"a\":\"" + std::string(20'000'000, 'a') + "\"}", 50'000).size(), 1u);
  EXPECT_LT(framer.capacity(), 300'000u);
}

TEST(FramerMemory, IsSmallAfterALargeInvalidMessage) {
  Framer framer;
  EXPECT_EQ(feed(framer, "{\"a\":\"" + std::string(20'000'000, 'a') + "\x01", 50'000).size(), 1u);
  EXPECT_LT(framer.capacity(), 300'000u);
}

TEST(Framer, DoesNotCopyALargeString) {
  Framer framer;
  const std::string message =
      "{\"execute\": \"x\", \"a\": \"" + std::string(1'000'000, 'a') + "\"}";
  const std::span<char> room = framer.prepare(message.size());
  message.copy(room.data(), message.size());
  framer.commit(message.size());
  const auto document = framer.next();
  ASSERT_TRUE(document && *document);
  const std::string_view text = (*document)->root().find("a")->string();
  EXPECT_EQ(text, std::string(1'000'000, 'a'));
  EXPECT_EQ(text.data(), room.data() + message.find("aaa"));
}

TEST(Framer, KeepsTheInputAfterALargeMessage) {
  const std::string large = "[\"" + std::string(100'000, 'a') + "\"]";
  Framer framer;
  const Answers answers = feed(framer, large + large + large + "{\"b\": \"c\"}");
  EXPECT_EQ(answers, (Answers{large, large, large, "{\"b\": \"c\"}"}));
}

}  // namespace
}  // namespace bellhop::wire
