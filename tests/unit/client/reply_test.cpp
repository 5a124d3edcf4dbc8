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
  EXPECT_FALSE(line.take("{\"return\""));
  EXPECT_FALSE(line.take(": {}}"));
  EXPECT_TRUE(line.take("\n"));
  EXPECT_EQ(line.text(), "{\"return\": {}}");
  EXPECT_FALSE(line.has_surplus());
}

TEST(ReplyLine, NoticesWhatFollowsTheReply) {
  ReplyLine line(100);
  EXPECT_TRUE(line.take("{}\r\n {}"));
  EXPECT_EQ(line.text(), "{}\r");
  EXPECT_TRUE(line.has_surplus());
}

TEST(ReplyLine, SkipsEmptyLinesAndWhatStandsBeforeTheDelimiter) {
  ReplyLine line(100);
  EXPECT_FALSE(line.take("\n \r\n"));
  EXPECT_FALSE(line.take("half a re\xFFply\xFF"));
  EXPECT_TRUE(line.take("{}\n"));
  EXPECT_EQ(line.text(), "{}");
}

TEST(ReplyLine, EndsAtItsLimit) {
  ReplyLine line(4);
  EXPECT_FALSE(line.take("1234"));
  EXPECT_FALSE(line.too_large());
  EXPECT_TRUE(line.take("5"));
  EXPECT_TRUE(line.too_large());
}

TEST(ReplyLine, MayBeAsLongAsItsLimit) {
  ReplyLine line(4);
  EXPECT_TRUE(line.take("1234\n"));
  EXPECT_FALSE(line.too_large());
}

TEST(ReplyLine, HasRoomForTheLongestReplyOfAnAgent) {
  const std::string piece(std::size_t{1} << 20, 'A');
  ReplyLine line(Options{}.max_reply_bytes);
  for (int i = 0; i < 64; ++i) ASSERT_FALSE(line.take(piece));  // 48 MiB in base64
  EXPECT_TRUE(line.take("\"}}\n"));
  EXPECT_FALSE(line.too_large());
}

TEST(SyncSearch, FindsTheNumberAfterTheDelimiter) {
  SyncSearch search(42);
  EXPECT_TRUE(search.take("\xFF{\"return\": 42}\n"));
}

TEST(SyncSearch, FindsItByteByByte) {
  const std::string bytes = "{\"return\": 42}\n\xFF{\"return\": 4}\nx\xFF\xFF{\"return\": 42}";
  SyncSearch search(42);
  for (const char byte : bytes) ASSERT_FALSE(search.take(std::string_view(&byte, 1)));
  EXPECT_TRUE(search.take("\n"));
}

TEST(SyncSearch, WantsBothDelimiterAndNumber) {
  SyncSearch search(42);
  EXPECT_FALSE(search.take("{\"return\": 42}\n"));
  EXPECT_FALSE(search.take("\xFF{\"return\": 43}\n{\"return\": 42}\n"));
  EXPECT_FALSE(search.take("\xFF{\"return\": \"42\"}\n\xFF{\"error\": 42}\n\xFF 42\n\xFF\n"));
  EXPECT_TRUE(search.take("\xFF{\"return\": 42}\n"));
}

TEST(SyncSearch, SurvivesAnyAmountOfAnythingBefore) {
  SyncSearch search(42);
  const std::string junk = "\xFF" + std::string(300'000, 'x') + '\n' + std::string(5000, '\xFF');
  for (int i = 0; i < 10; ++i) EXPECT_FALSE(search.take(junk));
  EXPECT_TRUE(search.take("{\"return\": 42}\n"));
}

TEST(SyncSearch, KeepsNoMoreOfALineThanAReplyTakes) {
  SyncSearch search(42);
  EXPECT_FALSE(search.take("\xFF{\"return\": 42" + std::string(2000, ' ') + "}\n"));
}

TEST(SyncSearch, EndsWhenTheAgentRefuses) {
  SyncSearch search(42);
  EXPECT_FALSE(
      search.take("{\"error\": {\"class\": \"GenericError\", \"desc\": \"1:1: stale\"}}\n"));
  EXPECT_TRUE(
      search.take("{\"error\": {\"class\": \"CommandNotFound\", \"desc\": \"Command "
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

TEST(ParseReply, SaysWhatIsNoReply) {
  const std::string start = "unix:/x sent no valid reply to guest-get-time: ";
  EXPECT_TRUE(message_of("login: ").starts_with(start + "this is not JSON: 'login: ' ("));
  EXPECT_TRUE(message_of("[1]").starts_with(start + "this is no object: '[1]' ("));
  const std::string neither = start + "it has neither 'return' nor a valid 'error': '";
  for (const char* text : {"{}", "{\"error\": 1}", "{\"error\": {\"class\": 1, \"desc\": \"\"}}",
                           "{\"error\": {\"class\": \"\", \"desc\": 1}}", "{\"event\": {}}"}) {
    EXPECT_TRUE(message_of(text).starts_with(neither + text + "' (")) << text;
  }
}

TEST(ParseReply, ShowsOnlyTheBeginningOfALongText) {
  const std::string message = message_of(std::string(100'000, 'x'));
  EXPECT_NE(message.find(std::string(120, 'x') + "…'"), std::string::npos);
  EXPECT_LT(message.size(), 400U);
}

TEST(ParseReply, RefusesNestingThatWouldExhaustTheStack) {
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
