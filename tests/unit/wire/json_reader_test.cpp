// SPDX-License-Identifier: Apache-2.0
#include "wire/json_reader.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <random>

#include "unit/wire/answers.h"

namespace bellhop::wire {
namespace {

using nlohmann::json;
using testing::Answers;
using testing::feed;
using testing::text_of;

std::string parsed(std::string_view text) {
  return text_of(parse(text));
}

// The syntax error for `bytes`, without the common prefix; "none" without an error.
std::string syntax_error(std::string_view bytes) {
  constexpr std::string_view prefix = "1:1: JSON parse error, ";
  const Answers answers = feed(bytes);
  if (answers.empty() || !answers[0].starts_with(prefix)) return "none";
  return answers[0].substr(prefix.size());
}

TEST(JsonReader, ReadsEveryKindOfValue) {
  EXPECT_EQ(parsed(" {\"a\": [null, true, false, -1, 1.5, \"x\", {}, []]} "),
            "{\"a\": [null, true, false, -1, 1.5, \"x\", {}, []]}");
}

TEST(JsonReader, AcceptsSingleQuotes) {
  EXPECT_EQ(parsed("{'a\"b':'c\\'d'}"), "{\"a\\\"b\": \"c'd\"}");
  EXPECT_EQ(parsed("\"it's\""), "\"it's\"");
}

TEST(JsonReader, DecodesEscapesInStrings) {
  const auto document = parse("[\"a\\n\\u0041\\u00e9\\u20AC\\ud83d\\ude00\", \"plain\", \"\"]");
  ASSERT_TRUE(document);
  std::vector<std::string_view> strings;
  document->root().each_element([&](Value value) {
    strings.push_back(value.string());
    return true;
  });
  EXPECT_EQ(strings, (std::vector<std::string_view>{"a\nA\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80",
                                                    "plain", ""}));
}

TEST(JsonReader, ReportsWhatItExpectedInAnObject) {
  EXPECT_EQ(feed("{,"), Answers{"1:2: JSON parse error, expecting key"});
  EXPECT_EQ(feed("{1"
                 ":"),
            Answers{"1:2: JSON parse error, expecting key"});
  EXPECT_EQ(feed("{foo:"), Answers{"1:2: JSON parse error, expecting key"});
  EXPECT_EQ(feed("{\"a\":1,}"), Answers{"1:8: JSON parse error, expecting key"});
  EXPECT_EQ(feed("{\"a\" \"b\""), Answers{"1:6: JSON parse error, expecting ':'"});
  EXPECT_EQ(feed("{\"a\":}"), Answers{"1:6: JSON parse error, expecting value"});
  EXPECT_EQ(feed("{\"a\":1 \"b\""), Answers{"1:8: JSON parse error, expected ',' or '}'"});
}

TEST(JsonReader, ReportsWhatItExpectedInAnArray) {
  EXPECT_EQ(feed("[,"), Answers{"1:2: JSON parse error, expecting value"});
  EXPECT_EQ(feed("[}"), Answers{"1:2: JSON parse error, expecting value"});
  EXPECT_EQ(feed("[1,]"), Answers{"1:4: JSON parse error, expecting value"});
  EXPECT_EQ(feed("[1 2 ]"), Answers{"1:4: JSON parse error, expected ',' or ']'"});
}

TEST(JsonReader, ReportsThatItExpectedAValue) {
  for (const char* text : {"}", "]", ",", ":"})
    EXPECT_EQ(syntax_error(text), "expecting value") << text;
}

TEST(JsonReader, RejectsOtherKeywords) {
  EXPECT_EQ(syntax_error("foo "), "invalid keyword 'foo'");
  EXPECT_EQ(syntax_error("truefalse "), "invalid keyword 'truefalse'");
  EXPECT_EQ(syntax_error("nan "), "invalid keyword 'nan'");
}

TEST(JsonReader, CutsASyntaxErrorAt1023Bytes) {
  EXPECT_EQ(syntax_error(std::string(5000, 'a') + " "),
            "invalid keyword '" + std::string(1006, 'a'));
  EXPECT_EQ(syntax_error('"' + std::string(5000, 'a') + "\x01"),
            "stray '\"" + std::string(1015, 'a'));
}

TEST(JsonReader, RejectsADuplicateKeyWhenItsValueIsComplete) {
  EXPECT_EQ(feed("{\"a\":1,\"a\":"), Answers{});
  EXPECT_EQ(feed("{\"a\":1,\"a\":2}"), Answers{"1:12: JSON parse error, duplicate key"});
  EXPECT_EQ(feed("{\"a\":1,\"a\":[2]"), Answers{"1:15: JSON parse error, duplicate key"});
  EXPECT_EQ(feed("{\"a\":1,'\\u0061':null}"), Answers{"1:17: JSON parse error, duplicate key"});
  EXPECT_EQ(feed("{\"\\u0000\":1,\"\xC0\x80\":null}"),
            Answers{"1:18: JSON parse error, duplicate key"});
}

TEST(JsonReader, AllowsTheSameKeyInNestedObjects) {
  EXPECT_EQ(parsed("{\"a\":{\"a\":{\"a\":1},\"b\":2},\"b\":3}"),
            "{\"a\": {\"a\": {\"a\": 1}, \"b\": 2}, \"b\": 3}");
}

TEST(JsonReader, FindsADuplicateOfAnyKeyOfALargeObject) {
  for (int members : {7, 8, 9, 10, 50}) {
    for (int duplicate = 0; duplicate < members; ++duplicate) {
      std::string text = "[{\"k\":1},{";
      for (int i = 0; i < members; ++i) text += "\"k" + std::to_string(i) + "\":{\"k0\":0},";
      const std::string last = "\"k" + std::to_string(duplicate) + "\":0}]";
      EXPECT_NE(parsed(text + last).find("duplicate key"), std::string::npos)
          << members << ' ' << duplicate;
      EXPECT_TRUE(parse(text + "\"other\":0}]")) << members;
    }
  }
}

TEST(JsonReader, RunsInTimeLinearInTheNumberOfKeys) {
  std::string text = "{";
  for (int i = 0; i < 300'000; ++i) text += "\"key number " + std::to_string(i) + "\":0,";
  text += "\"last\":0}";
  const auto document = parse(text);  // takes many minutes if it compares every pair of keys
  ASSERT_TRUE(document);
  EXPECT_EQ(document->root().size(), 300'001u);
}

TEST(JsonReader, ParsesExactlyOneValue) {
  EXPECT_EQ(parsed("1"), "1");
  EXPECT_EQ(parsed(""), "Expecting a JSON value");
  EXPECT_EQ(parsed("{\"a\":"), "Expecting a JSON value");
  EXPECT_EQ(parsed("1 2"), "Expecting at most one JSON value");
  EXPECT_EQ(parsed("[] ["), "Expecting at most one JSON value");
  EXPECT_EQ(parsed("[]*"), "Expecting at most one JSON value");
}

// Generates random JSON, to compare with nlohmann's strict parser.
class Generator {
 public:
  explicit Generator(unsigned seed) : random_(seed) {}

  json value(int depth = 0) {
    switch (pick(depth > 3 ? 6 : 8)) {
      case 0:
        return nullptr;
      case 1:
        return pick(2) == 0;
      case 2:
        return static_cast<std::int64_t>(random_());
      case 3:
        return random_();
      case 4:
        return static_cast<double>(static_cast<std::int64_t>(random_())) /
               static_cast<double>(1 + pick(1000));
      case 5:
        return string();
      case 6: {
        json array = json::array();
        for (auto n = pick(5); n > 0; --n) array.push_back(value(depth + 1));
        return array;
      }
      default: {
        json object = json::object();
        for (auto n = pick(14); n > 0; --n) object[string()] = value(depth + 1);
        return object;
      }
    }
  }

  std::uint64_t pick(std::uint64_t below) { return random_() % below; }

 private:
  std::string string() {
    constexpr const char* pieces[] = {"a",
                                      "B",
                                      "\"",
                                      "\\",
                                      "/",
                                      "\n",
                                      " ",
                                      "'",
                                      "\x7F",
                                      "\xC3\xA9",
                                      "\xE2\x82\xAC",
                                      "\xF0\x9F\x98\x80"};
    std::string text;
    for (auto n = pick(6); n > 0; --n) text += pieces[pick(std::size(pieces))];
    return text;
  }

  std::mt19937_64 random_;
};

TEST(JsonReader, ReadsWhatNlohmannWritesAndWritesWhatItReads) {
  Generator generator(1);
  for (int i = 0; i < 3000; ++i) {
    const json expected = generator.value();
    for (const std::string& text :
         {expected.dump(), expected.dump(2), expected.dump(-1, ' ', true)}) {
      const auto document = parse(text);
      ASSERT_TRUE(document) << text << '\n' << document.error().message;
      EXPECT_EQ(json::parse(text_of(document->root())), expected) << text;
    }
  }
}

// True for errors that JSON's grammar does not require, but qemu-ga reports.
bool is_expected_error(const std::string& message) {
  return message.find("duplicate key") != std::string::npos ||
         message.find("not a valid Unicode") != std::string::npos ||
         message.find("invalid UTF-8") != std::string::npos;
}

TEST(JsonReader, AcceptsEveryMutatedTextThatNlohmannAccepts) {
  Generator generator(2);
  int accepted = 0;
  for (int i = 0; i < 30'000; ++i) {
    std::string text = generator.value().dump();
    constexpr std::string_view bytes = "{}[]:,\"'\\ 019-+.eEtru\n\x01\x7F\xC3\xFF";
    for (auto n = 1 + generator.pick(3); n > 0; --n) {
      text[generator.pick(text.size())] = bytes[generator.pick(bytes.size())];
    }
    const json expected = json::parse(text, nullptr, false);
    if (expected.is_discarded()) continue;
    ++accepted;
    const auto document = parse(text);
    if (document) {
      const std::string written = text_of(document->root());
      const bool infinite = written.find("inf") != std::string::npos;
      EXPECT_TRUE(infinite || json::parse(written) == expected) << text << '\n' << written;
    } else {
      EXPECT_TRUE(is_expected_error(document.error().message)) << text << '\n'
                                                               << document.error().message;
    }
  }
  EXPECT_GT(accepted, 1000);
}

}  // namespace
}  // namespace bellhop::wire
