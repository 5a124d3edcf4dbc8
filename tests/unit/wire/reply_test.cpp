// SPDX-License-Identifier: Apache-2.0
#include "wire/reply.h"

#include <gtest/gtest.h>

#include "wire/json_reader.h"

namespace bellhop::wire {
namespace {

std::string success(std::optional<Value> id, bool delimited = false) {
  std::string out;
  SuccessReply reply(out, {}, delimited);
  EXPECT_FALSE(reply.begun());
  reply.begin().integer(7);
  EXPECT_TRUE(reply.begun());
  reply.finish(id);
  return out;
}

std::string error(ErrorCode code, std::optional<Value> id) {
  std::string out;
  append_error_reply(out, Error{code, "it's \"bad\""}, id);
  return out;
}

TEST(Reply, HasOnlyTheReturnValueWithoutAnId) {
  EXPECT_EQ(success({}), "{\"return\": 7}\n");
}

TEST(Reply, EchoesTheIdAfterTheReturnValue) {
  const auto id = parse("{\"a\": [1]}");
  EXPECT_EQ(success(id->root()), "{\"return\": 7, \"id\": {\"a\": [1]}}\n");
}

TEST(Reply, BeginsWithADelimiterIfRequested) {
  EXPECT_EQ(success({}, true), "\xFF{\"return\": 7}\n");
}

TEST(Reply, EchoesTheIdBeforeTheError) {
  const auto id = parse("null");
  EXPECT_EQ(
      error(ErrorCode::failed, id->root()),
      "{\"id\": null, \"error\": {\"class\": \"GenericError\", \"desc\": \"it's \\\"bad\\\"\"}}\n");
}

TEST(Reply, HasTheClassOfTheErrorCode) {
  const auto class_of = [](ErrorCode code) {
    const auto document = parse(error(code, {}));
    return std::string(document->root().find("error")->find("class")->string());
  };
  EXPECT_EQ(class_of(ErrorCode::failed), "GenericError");
  EXPECT_EQ(class_of(ErrorCode::invalid_request), "GenericError");
  EXPECT_EQ(class_of(ErrorCode::command_not_found), "CommandNotFound");
  EXPECT_EQ(class_of(ErrorCode::command_disabled), "CommandNotFound");
}

}  // namespace
}  // namespace bellhop::wire
