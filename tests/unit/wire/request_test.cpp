// SPDX-License-Identifier: Apache-2.0
#include "wire/request.h"

#include <gtest/gtest.h>

#include "unit/wire/answers.h"

namespace bellhop::wire {
namespace {

using testing::text_of;

// The error for a message and, after " | ", the id for the reply.
std::string error_of(std::string_view message) {
  const auto document = parse(message);
  const auto request = read_request(*document);
  if (request) return "no error";
  EXPECT_EQ(request.error().error.code, ErrorCode::invalid_request);
  const auto id = request.error().id;
  return request.error().error.message + (id ? " | " + text_of(*id) : "");
}

TEST(Request, HasACommandAndMayHaveArgumentsAndAnId) {
  const auto document = parse("{\"id\": [1], \"arguments\": {\"a\": 2}, \"execute\": \"x\"}");
  const auto request = read_request(*document);
  ASSERT_TRUE(request);
  EXPECT_EQ(request->execute, "x");
  EXPECT_EQ(text_of(*request->arguments), "{\"a\": 2}");
  EXPECT_EQ(text_of(*request->id), "[1]");
}

TEST(Request, RequiresOnlyACommand) {
  const auto document = parse("{\"execute\": \"\"}");
  const auto request = read_request(*document);
  ASSERT_TRUE(request);
  EXPECT_EQ(request->execute, "");
  EXPECT_FALSE(request->arguments);
  EXPECT_FALSE(request->id);
}

TEST(Request, MayHaveANullId) {
  const auto document = parse("{\"execute\": \"x\", \"id\": null}");
  EXPECT_EQ(text_of(*read_request(*document)->id), "null");
}

TEST(Request, MustBeAnObject) {
  for (const char* text : {"1", "\"x\"", "null", "[{\"execute\": \"x\"}]"}) {
    EXPECT_EQ(error_of(text), "QMP input must be a JSON object") << text;
  }
}

TEST(Request, MustHaveACommand) {
  EXPECT_EQ(error_of("{}"), "QMP input lacks member 'execute'");
  EXPECT_EQ(error_of("{\"id\": 1}"), "QMP input lacks member 'execute' | 1");
  EXPECT_EQ(error_of("{\"execute\": 5, \"id\": 1}"),
            "QMP input member 'execute' must be a string | 1");
  EXPECT_EQ(error_of("{\"execute\": null}"), "QMP input member 'execute' must be a string");
}

TEST(Request, RequiresAnObjectForArguments) {
  for (const char* arguments : {"null", "[]", "1", "\"\""}) {
    EXPECT_EQ(
        error_of(std::string("{\"execute\": \"x\", \"id\": 2, \"arguments\": ") + arguments + "}"),
        "QMP input member 'arguments' must be an object | 2");
  }
}

TEST(Request, RejectsOtherMembers) {
  for (std::string name : {"control", "exec-oob", "QMP", "", "Execute"}) {
    EXPECT_EQ(error_of("{\"execute\": \"x\", \"" + name + "\": 1}"),
              "QMP input member '" + name + "' is unexpected");
  }
  EXPECT_EQ(error_of("{\"x\": 1, \"id\": \"i\"}"), "QMP input member 'x' is unexpected | \"i\"");
}

TEST(Request, ReportsUnexpectedMembersBeforeOtherErrors) {
  EXPECT_EQ(error_of("{\"execute\": 5, \"arguments\": 5, \"x\": 1, \"y\": 2}"),
            "QMP input member 'x' is unexpected");
  EXPECT_EQ(error_of("{\"arguments\": 5, \"execute\": 5}"),
            "QMP input member 'execute' must be a string");
  EXPECT_EQ(error_of("{\"arguments\": 5}"), "QMP input member 'arguments' must be an object");
}

}  // namespace
}  // namespace bellhop::wire
