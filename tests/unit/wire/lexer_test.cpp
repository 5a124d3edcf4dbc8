// SPDX-License-Identifier: Apache-2.0
#include "wire/lexer.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace bellhop::wire {
namespace {

struct Seen {
  TokenType type;
  std::string text;
  std::uint64_t line;
  std::uint64_t column;
  friend bool operator==(const Seen&, const Seen&) = default;
  friend void PrintTo(const Seen& seen, std::ostream* out) {
    *out << int(seen.type) << " '" << seen.text << "' " << seen.line << ':' << seen.column;
  }
};

std::vector<Seen> tokens(std::string_view bytes, std::size_t piece = 1000) {
  std::vector<Seen> seen;
  Lexer lexer;
  for (std::size_t at = 0; at < bytes.size();) {
    const Lexer::Step step = lexer.next(bytes.substr(at, piece));
    at += step.consumed;
    if (!step.token) continue;
    const Token& token = *step.token;
    seen.push_back({token.type, std::string(bytes.substr(at - token.length, token.length)),
                    token.position.line, token.position.column});
  }
  return seen;
}

using enum TokenType;
using Tokens = std::vector<Seen>;

TEST(Lexer, FindsEveryKindOfToken) {
  const Tokens expected = {{begin_object, "{", 1, 1}, {string, "\"a\"", 1, 2},
                           {colon, ":", 1, 5},        {begin_array, "[", 1, 6},
                           {integer, "-10", 1, 7},    {comma, ",", 1, 11},
                           {real, "1.5e+7", 1, 11},   {keyword, "true", 1, 18},
                           {end_array, "]", 1, 23},   {end_object, "}", 1, 23}};
  EXPECT_EQ(tokens("{\"a\":[-10,1.5e+7 true]}"), expected);
}

TEST(Lexer, YieldsTheSameTokensForAnySplit) {
  const std::string bytes =
      "{\"a\\\"\\\\b\": ['x\"', -0.5e-3,\n01 \"\xFF *foo, 12e, tru\xE9 }{\"long enough for a whole "
      "block of bytes, and then some more: \xC3\xA9\"";
  for (std::size_t piece = 1; piece < 40; ++piece) EXPECT_EQ(tokens(bytes, piece), tokens(bytes));
}

TEST(Lexer, CountsLinesAndColumnsInBytes) {
  const Tokens expected = {{string, "\"\xC3\xA9\"", 1, 1}, {comma, ",", 1, 5}, {comma, ",", 3, 3}};
  EXPECT_EQ(tokens("\"\xC3\xA9\",\n\n\t ,"), expected);
}

TEST(Lexer, CountsOneColumnTooManyForATokenThatEndsAnother) {
  const Tokens expected = {{integer, "0", 1, 1}, {keyword, "e", 1, 3}, {integer, "1", 1, 4}};
  EXPECT_EQ(tokens("0e1 "), expected);
  EXPECT_EQ(tokens("0 e 1 ")[1], (Seen{keyword, "e", 1, 3}));
}

TEST(Lexer, IncludesTheInvalidByteInTheStrayBytes) {
  for (const char* text : {"-a", "- ", "01", "-01", "1.}", "1.e", "1e ", "1e+,", "\"abc\n",
                           "'a\\\x01", "\"abc\xFF", "\"\\\xFE"}) {
    EXPECT_EQ(tokens(text), (Tokens{{invalid, text, 1, 1}})) << text;
  }
}

TEST(Lexer, ReportsOtherBytesAsStray) {
  for (int byte = 0; byte < 256; ++byte) {
    const char c = static_cast<char>(byte);
    const bool is_valid = std::string_view(" \t\r\n{}[]:,\"'-").find(c) != std::string::npos ||
                          (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z');
    const Tokens expected = {{invalid, std::string(1, c), 1, 1}};
    EXPECT_EQ(tokens(std::string(1, c)) == expected, !is_valid) << byte;
  }
}

TEST(Lexer, SkipsFromStrayBytesToAStructuralOne) {
  const Tokens expected = {{invalid, "*", 1, 1}, {comma, ",", 1, 14}, {keyword, "b", 1, 14}};
  EXPECT_EQ(tokens("*a \t\"x\" \x7F\x80 1,b "), expected);
}

TEST(Lexer, SkipsFromStrayBytesToAControlCharacter) {
  EXPECT_EQ(tokens("*a\n*"), (Tokens{{invalid, "*", 1, 1}, {invalid, "*", 2, 1}}));
  EXPECT_EQ(tokens("*a\r*"), (Tokens{{invalid, "*", 1, 1}, {invalid, "*", 1, 4}}));
  EXPECT_EQ(tokens("*a\x01"), (Tokens{{invalid, "*", 1, 1}, {invalid, "\x01", 1, 4}}));
  EXPECT_EQ(tokens("\xFF\xFE"), (Tokens{{invalid, "\xFF", 1, 1}, {invalid, "\xFE", 1, 3}}));
}

TEST(Lexer, MarksStringsThatNeedNoDecoding) {
  const auto is_plain = [](std::string_view text) { return Lexer().next(text).token->plain; };
  EXPECT_TRUE(is_plain("\"abc ~\""));
  EXPECT_TRUE(is_plain("'a\"b'"));
  EXPECT_FALSE(is_plain("\"a\\n\""));
  EXPECT_FALSE(is_plain("\"\xC3\xA9\""));
  EXPECT_FALSE(is_plain("\"\xC3\xA9 and then at least a block of ASCII, which changes nothing\""));
}

TEST(Lexer, CutsAnOversizedToken) {
  const std::string bytes = '"' + std::string(token_size_limit, 'a') + "b,c ";
  Lexer lexer;
  const Lexer::Step cut = lexer.next(bytes);
  ASSERT_TRUE(cut.token);
  EXPECT_EQ(cut.token->type, oversized);
  EXPECT_EQ(cut.token->length, token_size_limit + 1);
  EXPECT_EQ(cut.consumed, token_size_limit + 1);

  const Lexer::Step next = lexer.next(std::string_view(bytes).substr(cut.consumed));
  EXPECT_EQ(next.token->type, keyword);
  EXPECT_EQ(next.token->position.column, 1u) << "the position of the token that was cut";
}

TEST(Lexer, AllowsTheLastQuoteOneByteAboveTheLimit) {
  const std::string bytes = '"' + std::string(token_size_limit - 1, 'a') + '"';
  const Lexer::Step step = Lexer().next(bytes);
  ASSERT_TRUE(step.token);
  EXPECT_EQ(step.token->type, string);
}

TEST(Lexer, ContinuesToCountAfterAReset) {
  Lexer lexer;
  EXPECT_FALSE(lexer.next("\n\"abc").token);
  EXPECT_EQ(lexer.pending(), 4u);
  lexer.reset();
  EXPECT_EQ(lexer.pending(), 0u);
  const Lexer::Step step = lexer.next(",");
  EXPECT_EQ(step.token->type, comma);
  EXPECT_EQ(step.token->position.line, 2u);
  EXPECT_EQ(step.token->position.column, 5u);
}

}  // namespace
}  // namespace bellhop::wire
