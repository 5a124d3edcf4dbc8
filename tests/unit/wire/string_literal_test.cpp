// SPDX-License-Identifier: Apache-2.0
#include "wire/string_literal.h"

#include <gtest/gtest.h>

namespace bellhop::wire {
namespace {

// The decoded bytes, or the error. Decodes in place, as the reader does.
std::string decoded(std::string literal) {
  const auto length = decode_string_literal(literal, literal.data() + 1);
  return length ? literal.substr(1, *length) : length.error();
}

TEST(StringLiteral, DecodesSimpleEscapes) {
  EXPECT_EQ(decoded("\"\""), "");
  EXPECT_EQ(decoded("\"a\\\"\\'\\\\\\/\\b\\f\\n\\r\\tz\""), "a\"'\\/\b\f\n\r\tz");
  EXPECT_EQ(decoded("'\"\\''"), "\"'");
}

TEST(StringLiteral, RejectsOtherEscapes) {
  for (const char* text : {"\"\\a\"", "\"\\x41\"", "\"\\0\"", "\"\\U0041\"", "\"\\\xC3\xA9\""}) {
    EXPECT_EQ(decoded(text), "invalid escape sequence in string") << text;
  }
}

TEST(StringLiteral, DecodesUnicodeEscapes) {
  EXPECT_EQ(decoded("\"\\u0041\\u00e9\\u20AC\""), "A\xC3\xA9\xE2\x82\xAC");
  EXPECT_EQ(decoded("\"\\ud83d\\uDE00\""), "\xF0\x9F\x98\x80");
  EXPECT_EQ(decoded("\"\\udbff\\udffd\""), "\xF4\x8F\xBF\xBD");
}

TEST(StringLiteral, DecodesNulToC080) {
  EXPECT_EQ(decoded("\"a\\u0000b\""),
            "a\xC0\x80"
            "b");
  EXPECT_EQ(decoded("\"a\xC0\x80"
                    "b\""),
            "a\xC0\x80"
            "b");
}

TEST(StringLiteral, QuotesAUnicodeEscapeOfNoCharacter) {
  const std::string end = " is not a valid Unicode character";
  EXPECT_EQ(decoded("\"x\\ud800\""), "\\ud800" + end);
  EXPECT_EQ(decoded("\"\\ud800x\""), "\\ud800" + end);
  EXPECT_EQ(decoded("\"\\ud800\\n\""), "\\ud800" + end);
  EXPECT_EQ(decoded("\"\\ud800\\u0041\""), "\\ud800" + end);
  EXPECT_EQ(decoded("\"\\ud800\\ud800\""), "\\ud800" + end);
  EXPECT_EQ(decoded("\"\\uDC00\\ud800\""), "\\uDC00" + end);
  EXPECT_EQ(decoded("\"\\uffff\""), "\\uffff" + end);
  EXPECT_EQ(decoded("\"\\uFDD0\""), "\\uFDD0" + end);
  EXPECT_EQ(decoded("\"\\ud83f\\udfff\""), "\\ud83f\\udfff" + end);
}

TEST(StringLiteral, QuotesSixBytesOfAnInvalidUnicodeEscape) {
  const std::string end = " is not a valid Unicode character";
  EXPECT_EQ(decoded("\"\\u123g5\""), "\\u123g" + end);
  EXPECT_EQ(decoded("\"\\u+123\""), "\\u+123" + end);
  EXPECT_EQ(decoded("\"\\u12\""), "\\u12\"" + end);
  EXPECT_EQ(decoded("\"\\u\""), "\\u\"" + end);
}

TEST(StringLiteral, RejectsInvalidUtf8) {
  for (const char* text :
       {"\x80", "\xC0\x81", "\xC3", "\xE2\x82", "\xED\xA0\x80", "\xEF\xBF\xBF", "\xEF\xB7\x90",
        "\xF4\x90\x80\x80", "\xF8\x88\x80\x80\x80", "\xC3\\u0041"}) {
    EXPECT_EQ(decoded('"' + std::string("ok") + text + '"'), "invalid UTF-8 sequence in string")
        << text;
  }
}

TEST(StringLiteral, ReportsTheFirstError) {
  EXPECT_EQ(decoded("\"\\q\x80\""), "invalid escape sequence in string");
  EXPECT_EQ(decoded("\"\x80\\q\""), "invalid UTF-8 sequence in string");
}

}  // namespace
}  // namespace bellhop::wire
