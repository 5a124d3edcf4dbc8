#include <gtest/gtest.h>

#include "unit/wire/answers.h"
#include "wire/framer.h"

namespace bellhop::wire {
namespace {

using testing::Answers;
using testing::feed;

// The messages and errors for `bytes` if a second framer is restored from the snapshot of the first
// after `size` bytes. The first framer has received the last `unseen` of these, but next() has not
// been called for them.
Answers feed_two(std::string_view bytes, std::size_t size, std::size_t unseen) {
  Framer first;
  Answers answers = feed(first, bytes.substr(0, size - unseen));
  const std::span<char> room = first.prepare(unseen + 1);
  bytes.substr(size - unseen, unseen).copy(room.data(), unseen);
  first.commit(unseen);

  Framer second;
  EXPECT_TRUE(second.restore(first.snapshot())) << size;
  while (const auto message = second.next()) answers.push_back(testing::text_of(*message));
  for (auto& answer : feed(second, bytes.substr(size))) answers.push_back(std::move(answer));
  return answers;
}

void expect_same_at_every_split(std::string_view bytes) {
  const Answers expected = feed(bytes);
  for (std::size_t size = 0; size <= bytes.size(); ++size) {
    EXPECT_EQ(feed_two(bytes, size, 0), expected) << bytes.substr(0, size);
    EXPECT_EQ(feed_two(bytes, size, size / 2), expected) << bytes.substr(0, size);
  }
}

TEST(FramerSnapshot, ContinuesInTheMiddleOfAMessage) {
  expect_same_at_every_split(R"({"execute": "guest-file-write", "arguments": {"handle": 1000, )"
                             R"("buf-b64": "QUJD", "n": [1, -2, [], {}, [true, null]], "e": {}}})"
                             "\n{}[]\n");
}

TEST(FramerSnapshot, KeepsEveryKindOfValue) {
  expect_same_at_every_split(
      "[0, -0, 9223372036854775807, 18446744073709551615, 18446744073709551616, 1e2, 5.0, 0.1, "
      "-1.5E-300, 1e400, -1e400, 'single', \"\\u0000\\n\\\"\\ud83d\\ude00\", \"\xC3\xA9\", true, "
      "false, null, {\"\": \"\"}, {'a': {'b': {'c': [{}]}}}]\n");
}

// A parameter of type int rejects a real number, even if its value is whole.
TEST(FramerSnapshot, KeepsTheKindOfNumbers) {
  Framer first;
  feed(first, "[1e2, 5.0, 2 ");
  Framer second;
  ASSERT_TRUE(second.restore(first.snapshot()));
  feed(second, "");
  const std::span<char> room = second.prepare(1);
  room[0] = ']';
  second.commit(1);
  const auto message = second.next();
  ASSERT_TRUE(message && *message);
  std::vector<Kind> kinds;
  (*message)->root().each_element([&](Value value) {
    kinds.push_back(value.kind());
    return true;
  });
  EXPECT_EQ(kinds, (std::vector{Kind::real, Kind::real, Kind::integer}));
}

TEST(FramerSnapshot, ContinuesToCountLinesAndColumns) {
  expect_same_at_every_split("{}\n  {\"a\" 1}\n [x] \xFF {\"k\": \"v\",}\n");
}

TEST(FramerSnapshot, ContinuesToDiscard) {
  expect_same_at_every_split("{\"a\": ! {\"b\": [1, 2, \"}\"]}, \"c\": {}} {}\n");
  expect_same_at_every_split("{\"a\" [\"]\", 'x', {}], 7} {} *foo\n \"unfinished\x01 {}");
}

TEST(FramerSnapshot, FindsDuplicateKeysAcrossTheSplit) {
  expect_same_at_every_split(
      R"({"a": 1, "b": 2, "a": 3} {"1":1,"2":1,"3":1,"4":1,"5":1,"6":1,"7":1,"8":1,"9":1,)"
      R"("10":1,"11":1,"3":2} {})"
      "\n");
}

TEST(FramerSnapshot, AppliesTheNestingLimitAcrossTheSplit) {
  const std::string nested(1025, '[');
  const std::string bytes = nested + std::string(1025, ']') + "{}";
  const Answers expected = feed(bytes);
  EXPECT_EQ(expected, (Answers{"JSON nesting depth limit exceeded", "{}"}));
  for (const std::size_t size : {500U, 1024U, 1025U, 1026U, 2049U, 2050U}) {
    EXPECT_EQ(feed_two(bytes, size, 0), expected) << size;
  }
}

TEST(FramerSnapshot, AppliesTheTokenSizeLimitAcrossTheSplit) {
  const std::string string = "\"" + std::string(40 << 20, 'x') + "\"";
  Framer first;
  EXPECT_EQ(feed(first, "[" + string + ", "), Answers{});
  Framer second;
  ASSERT_TRUE(second.restore(first.snapshot()));
  EXPECT_EQ(feed(second, string + "]{}"), (Answers{"JSON token size limit exceeded", "{}"}));
}

TEST(FramerSnapshot, RejectsAnInvalidSnapshot) {
  Framer framer;
  EXPECT_FALSE(framer.restore({.message = "{}", .rest = {}}));
  EXPECT_FALSE(framer.restore({.message = "]", .rest = {}}));
  EXPECT_FALSE(framer.restore({.message = "", .rest = "x", .lexer = {99}}));
  EXPECT_FALSE(framer.restore({.message = "", .rest = "x", .lexer = {2, 0, 1, 0, 0, 7}}));
  EXPECT_EQ(feed(framer, "{}"), Answers{"{}"});
}

}  // namespace
}  // namespace bellhop::wire
