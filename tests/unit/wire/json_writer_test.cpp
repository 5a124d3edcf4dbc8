// SPDX-License-Identifier: Apache-2.0
#include "wire/json_writer.h"

#include <gtest/gtest.h>

#include "unit/wire/answers.h"

namespace bellhop::wire {
namespace {

template <class Write>
std::string written(Write write) {
  std::string out;
  JsonWriter writer(out);
  write(writer);
  return out;
}

std::string string(std::string_view text) {
  return written([&](JsonWriter& writer) { writer.string(text); });
}

std::string real(double value) {
  return written([&](JsonWriter& writer) { writer.real(value); });
}

TEST(JsonWriter, SeparatesTokensAsQemuGaDoes) {
  EXPECT_EQ(written([](JsonWriter& writer) {
              writer.begin_object();
              writer.key("a");
              writer.begin_array();
              writer.integer(-1);
              writer.unsigned_integer(18446744073709551615U);
              writer.null();
              writer.begin_array();
              writer.end_array();
              writer.end_array();
              writer.key("b");
              writer.boolean(true);
              writer.key("c");
              writer.begin_object();
              writer.end_object();
              writer.key("d");
              writer.string("");
              writer.end_object();
            }),
            "{\"a\": [-1, 18446744073709551615, null, []], \"b\": true, \"c\": {}, \"d\": \"\"}");
}

TEST(JsonWriter, EscapesTheSameCharactersAsQemuGa) {
  EXPECT_EQ(string("\b\f\n\r\t\"\\/'~"), "\"\\b\\f\\n\\r\\t\\\"\\\\/'~\"");
  EXPECT_EQ(string("\x01\x0B\x1F\x7F"), "\"\\u0001\\u000B\\u001F\\u007F\"");
  EXPECT_EQ(string(std::string_view("\0", 1)), "\"\\u0000\"");
}

TEST(JsonWriter, WritesAsciiOnly) {
  EXPECT_EQ(string("\xC3\xA9\xE2\x82\xAC"), "\"\\u00E9\\u20AC\"");
  EXPECT_EQ(string("\xF0\x9F\x98\x80"), "\"\\uD83D\\uDE00\"");
  EXPECT_EQ(string("a\xC0\x80z"), "\"a\\u0000z\"");
}

TEST(JsonWriter, ReplacesInvalidSequences) {
  EXPECT_EQ(string("a\xFFz"), "\"a\\uFFFDz\"");
  EXPECT_EQ(string("\x80\x80"), "\"\\uFFFD\\uFFFD\"");
  EXPECT_EQ(string("\xE2\x82z"), "\"\\uFFFDz\"");
  EXPECT_EQ(string("\xE2\x82"), "\"\\uFFFD\"");
  EXPECT_EQ(string("\xED\xA0\x80"), "\"\\uFFFD\"");
  EXPECT_EQ(string("\xEF\xBF\xBF"), "\"\\uFFFD\"");
  EXPECT_EQ(string("\xF8\x88\x80\x80\x80"), "\"\\uFFFD\"");
}

TEST(JsonWriter, EscapesAtAnyPositionInALongString) {
  const std::string text(100, 'a');
  for (std::size_t at = 0; at <= text.size(); ++at) {
    EXPECT_EQ(string(std::string(text).insert(at, "\"")),
              '"' + std::string(text).insert(at, "\\\"") + '"');
    EXPECT_EQ(string(std::string(text).insert(at, "\x7F")),
              '"' + std::string(text).insert(at, "\\u007F") + '"');
  }
}

TEST(JsonWriter, WritesRealNumbersWith17Digits) {
  EXPECT_EQ(real(0.1), "0.10000000000000001");
  EXPECT_EQ(real(100), "100");
  EXPECT_EQ(real(-0.0), "-0");
  EXPECT_EQ(real(1e16), "10000000000000000");
  EXPECT_EQ(real(1e17), "1e+17");
  EXPECT_EQ(real(5e-5), "5.0000000000000002e-05");
  EXPECT_EQ(real(4.9e-324), "4.9406564584124654e-324");
  EXPECT_EQ(real(-1.7976931348623157e308), "-1.7976931348623157e+308");
}

TEST(JsonWriter, WritesBase64InPieces) {
  const std::string bytes = "abcde";
  EXPECT_EQ(written([&](JsonWriter& writer) {
              writer.begin_array();
              writer.begin_base64();
              writer.base64_piece(std::as_bytes(std::span(bytes).first(3)));
              writer.base64_piece(std::as_bytes(std::span(bytes).subspan(3)));
              writer.end_base64();
              writer.begin_base64();
              writer.end_base64();
              writer.end_array();
            }),
            "[\"YWJjZGU=\", \"\"]");
}

TEST(JsonWriter, CopiesValues) {
  for (const char* text :
       {"{\"a\": [1, {\"b\": []}, {}], \"c\": {\"d\": {}, \"e\": null}}", "[]", "[[], [[]]]",
        "[true, false, 9223372036854775808, 0.5, \"\\u00E9\"]", "\"x\""}) {
    EXPECT_EQ(testing::text_of(parse(text)), text);
  }
}

TEST(JsonWriter, CopiesPartOfADocument) {
  const auto document = parse("{\"a\": {\"b\": [1, {\"c\": 2}]}, \"d\": 3}");
  ASSERT_TRUE(document);
  const auto part = document->root().find("a");
  EXPECT_EQ(written([&](JsonWriter& writer) {
              writer.begin_array();
              writer.value(*part);
              writer.value(*part->find("b"));
              writer.end_array();
            }),
            "[{\"b\": [1, {\"c\": 2}]}, [1, {\"c\": 2}]]");
}

TEST(JsonWriter, FlushesLargeOutput) {
  std::string out;
  std::string flushed;
  bool accept = true;
  JsonWriter writer(out, [&](std::string& bytes) {
    flushed += bytes;
    bytes.clear();
    return accept;
  });
  writer.string("small");
  EXPECT_TRUE(writer.flush_if_large());
  EXPECT_EQ(flushed, "");
  writer.string(std::string(JsonWriter::drain_threshold, 'a'));
  EXPECT_TRUE(writer.flush_if_large());
  EXPECT_EQ(out, "");
  EXPECT_TRUE(flushed.starts_with("\"small\", \"aaa"));
  accept = false;
  writer.string(std::string(JsonWriter::drain_threshold, 'a'));
  EXPECT_FALSE(writer.flush_if_large());
}

}  // namespace
}  // namespace bellhop::wire
