// SPDX-License-Identifier: Apache-2.0
#include "reply.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <string>

#include "bellhop/client.h"

namespace bellhop::client {
namespace {

const Subject subject{.endpoint = "unix:/x", .command = "guest-get-time"};

std::string message_of(std::string_view text) {
  const auto reply = parse_reply(text, subject);
  EXPECT_FALSE(reply);
  if (reply) return {};
  EXPECT_EQ(reply.error().kind, ErrorKind::protocol_violation);
  return reply.error().message;
}

TEST(ReplyLine, IsCompleteAtTheLineFeed) {
  ReplyLine line(100);
  EXPECT_FALSE(line.consume("{\"return\""));
  EXPECT_FALSE(line.consume(": {}}"));
  EXPECT_TRUE(line.consume("\n"));
  EXPECT_EQ(line.text(), "{\"return\": {}}");
  EXPECT_FALSE(line.has_surplus());
}

TEST(ReplyLine, ReportsInputAfterTheReply) {
  ReplyLine line(100);
  EXPECT_TRUE(line.consume("{}\r\n {}"));
  EXPECT_EQ(line.text(), "{}\r");
  EXPECT_TRUE(line.has_surplus());
}

TEST(ReplyLine, SkipsEmptyLinesAndInputBeforeTheDelimiter) {
  ReplyLine line(100);
  EXPECT_FALSE(line.consume("\n \r\n"));
  EXPECT_FALSE(line.consume("half a re\xFFply\xFF"));
  EXPECT_TRUE(line.consume("{}\n"));
  EXPECT_EQ(line.text(), "{}");
}

TEST(ReplyLine, StopsAboveItsLimit) {
  ReplyLine line(4);
  EXPECT_FALSE(line.consume("1234"));
  EXPECT_FALSE(line.too_large());
  EXPECT_TRUE(line.consume("5"));
  EXPECT_TRUE(line.too_large());
}

TEST(ReplyLine, AcceptsAReplyOfItsLimit) {
  ReplyLine line(4);
  EXPECT_TRUE(line.consume("1234\n"));
  EXPECT_FALSE(line.too_large());
}

TEST(ReplyLine, AcceptsTheLongestReplyOfAnAgent) {
  const std::string piece(std::size_t{1} << 20, 'A');
  ReplyLine line(Options{}.max_reply_bytes);
  for (int i = 0; i < 64; ++i) ASSERT_FALSE(line.consume(piece));  // 48 MiB in base64
  EXPECT_TRUE(line.consume("\"}}\n"));
  EXPECT_FALSE(line.too_large());
}

TEST(SyncSearch, FindsTheIdAfterTheDelimiter) {
  SyncSearch search(42);
  EXPECT_TRUE(search.consume("\xFF{\"return\": 42}\n"));
}

TEST(SyncSearch, FindsTheIdByteByByte) {
  const std::string bytes = "{\"return\": 42}\n\xFF{\"return\": 4}\nx\xFF\xFF{\"return\": 42}";
  SyncSearch search(42);
  for (const char byte : bytes) ASSERT_FALSE(search.consume(std::string_view(&byte, 1)));
  EXPECT_TRUE(search.consume("\n"));
}

TEST(SyncSearch, RequiresDelimiterAndId) {
  SyncSearch search(42);
  EXPECT_FALSE(search.consume("{\"return\": 42}\n"));
  EXPECT_FALSE(search.consume("\xFF{\"return\": 43}\n{\"return\": 42}\n"));
  EXPECT_FALSE(search.consume("\xFF{\"return\": \"42\"}\n\xFF{\"error\": 42}\n\xFF 42\n\xFF\n"));
  EXPECT_TRUE(search.consume("\xFF{\"return\": 42}\n"));
}

TEST(SyncSearch, SkipsStaleInputOfAnyLength) {
  SyncSearch search(42);
  const std::string junk = "\xFF" + std::string(300'000, 'x') + '\n' + std::string(5000, '\xFF');
  for (int i = 0; i < 10; ++i) EXPECT_FALSE(search.consume(junk));
  EXPECT_TRUE(search.consume("{\"return\": 42}\n"));
}

TEST(SyncSearch, StoresOnlyTheBeginningOfALine) {
  SyncSearch search(42);
  EXPECT_FALSE(search.consume("\xFF{\"return\": 42" + std::string(2000, ' ') + "}\n"));
}

TEST(SyncSearch, StopsWhenTheAgentRefuses) {
  SyncSearch search(42);
  EXPECT_FALSE(
      search.consume("{\"error\": {\"class\": \"GenericError\", \"desc\": \"1:1: stale\"}}\n"));
  EXPECT_TRUE(
      search.consume("{\"error\": {\"class\": \"CommandNotFound\", \"desc\": \"Command "
                     "guest-sync-delimited has been disabled\"}}\n"));
  ASSERT_TRUE(search.refusal());
  EXPECT_EQ(search.refusal()->agent_class, "CommandNotFound");
}

TEST(ParseReply, ReturnsTheValue) {
  const auto reply = parse_reply("{\"return\": {\"a\": [1, 18446744073709551615]}}\r", subject);
  ASSERT_TRUE(reply);
  EXPECT_EQ((*reply)["a"][1], 18446744073709551615U);
  EXPECT_EQ(parse_reply("{\"id\": 1, \"return\": null}", subject), nlohmann::json());
}

TEST(ParseReply, ReturnsTheAgentsError) {
  const auto reply =
      parse_reply("{\"error\": {\"class\": \"GenericError\", \"desc\": \"no\\u001b\"}}", subject);
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().kind, ErrorKind::agent_error);
  EXPECT_EQ(reply.error().agent_class, "GenericError");
  EXPECT_EQ(reply.error().agent_description, "no\x1B");
  EXPECT_EQ(reply.error().message, "guest-get-time: GenericError: no\\u001b");
}

TEST(ParseReply, ExplainsAnInvalidReply) {
  const std::string start = "unix:/x sent no valid reply to guest-get-time: ";
  EXPECT_TRUE(message_of("login: ").starts_with(start + "this is not JSON: 'login: ' ("));
  EXPECT_TRUE(message_of("[1]").starts_with(start + "this is not an object: '[1]' ("));
  const std::string neither = start + "it has neither 'return' nor a valid 'error': '";
  for (const char* text : {"{}", "{\"error\": 1}", "{\"error\": {\"class\": 1, \"desc\": \"\"}}",
                           "{\"error\": {\"class\": \"\", \"desc\": 1}}", "{\"event\": {}}"}) {
    EXPECT_TRUE(message_of(text).starts_with(neither + text + "' (")) << text;
  }
}

TEST(ParseReply, QuotesOnlyTheBeginningOfALongText) {
  const std::string message = message_of(std::string(100'000, 'x'));
  EXPECT_NE(message.find(std::string(120, 'x') + "…'"), std::string::npos);
  EXPECT_LT(message.size(), 400U);
}

TEST(ParseReply, RejectsNestingThatWouldExhaustTheStack) {
  const auto nested = [](std::size_t depth) {
    return "{\"return\": " + std::string(depth, '[') + std::string(depth, ']') + "}";
  };
  EXPECT_TRUE(parse_reply(nested(1023), subject));
  EXPECT_FALSE(parse_reply(nested(1024), subject));
  EXPECT_FALSE(parse_reply(nested(10'000'000), subject));
}

TEST(ParseReply, DoesNotCountBracketsInStringsAsNesting) {
  const std::string brackets = "\\\"" + std::string(5000, '[') + "\\\\";
  EXPECT_EQ(parse_reply("{\"return\": \"" + brackets + "\"}", subject),
            nlohmann::json("\"" + std::string(5000, '[') + "\\"));
}

}  // namespace
}  // namespace bellhop::client
