// SPDX-License-Identifier: Apache-2.0
#include "wire/value.h"

#include <gtest/gtest.h>

#include <string>

#include "wire/json_reader.h"

namespace bellhop::wire {
namespace {

constexpr std::string_view sample = "{\"a\": [1, [2, 3], {\"x\": 4}], \"b\": \"text\", \"c\": {}}";

TEST(Value, HasAKindAndASize) {
  const auto document = parse(sample);
  const Value root = document->root();
  EXPECT_TRUE(root.is(Kind::object));
  EXPECT_EQ(root.size(), 3u);
  EXPECT_EQ(root.find("a")->kind(), Kind::array);
  EXPECT_EQ(root.find("a")->size(), 3u);
  EXPECT_EQ(root.find("c")->size(), 0u);
}

TEST(Value, FindsMembersPastNestedOnes) {
  const auto document = parse(sample);
  EXPECT_EQ(document->root().find("b")->string(), "text");
  EXPECT_FALSE(document->root().find("x"));
  EXPECT_FALSE(document->root().find(""));
}

TEST(Value, VisitsElementsInOrderUntilTheCallbackReturnsFalse) {
  const auto document = parse("[1, [9, 9], 3, 4]");
  int visits = 0;
  EXPECT_TRUE(document->root().each_element([&](Value) { return ++visits > 0; }));
  EXPECT_EQ(visits, 4);
  visits = 0;
  EXPECT_FALSE(document->root().each_element([&](Value element) {
    ++visits;
    return !element.is(Kind::integer) || element.integer() != 3;
  }));
  EXPECT_EQ(visits, 3);
}

TEST(Value, VisitsMembersInOrderUntilTheCallbackReturnsFalse) {
  const auto document = parse(sample);
  std::string keys;
  EXPECT_TRUE(document->root().each_member([&](std::string_view key, Value) {
    keys += key;
    return true;
  }));
  EXPECT_EQ(keys, "abc");
  EXPECT_FALSE(
      document->root().each_member([](std::string_view key, Value) { return key != "b"; }));
}

TEST(Value, StaysValidWhenItsDocumentIsMoved) {
  auto document = parse(sample);
  const Value text = *document->root().find("b");
  const Document moved = std::move(*document);
  EXPECT_EQ(text.string(), "text");
  EXPECT_EQ(moved.root().find("b")->string().data(), text.string().data());
}

TEST(Value, AllowsOverwritingItsString) {
  const auto document = parse(sample);
  const Value text = *document->root().find("b");
  text.mutable_string()[0] = 'T';
  EXPECT_EQ(text.string(), "Text");
}

TEST(Value, HasAnIndexInItsDocument) {
  const auto document = parse(sample);
  const Value root = document->root();
  EXPECT_EQ(root.index(), 0u);
  EXPECT_EQ(root.at(1).string(), "a");
  const Value a = *root.find("a");
  EXPECT_EQ(a.index(), 2u);
  EXPECT_EQ(root.at(a.end()).string(), "b");
  EXPECT_EQ(root.end(), a.end() + 4);
}

}  // namespace
}  // namespace bellhop::wire
