// SPDX-License-Identifier: Apache-2.0
#include "rpc/schema.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

namespace bellhop {

struct Services {};

namespace {

struct Arguments {
  std::string_view path;
  std::optional<bool> force_;
};

constexpr auto fields_of(const Arguments*) {
  return fields(field<"path", &Arguments::path>("Where."),
                field<"force", &Arguments::force_>("Whether or not."));
}

enum class Source { disk, memory };
constexpr auto wire_names(Source) {
  return std::array<std::string_view, 2>{"disk", "memory"};
}

struct Part {
  std::uint64_t size;
  Base64Stream data;
  Source source;
  std::optional<double> read;
};

constexpr auto fields_of(const Part*) {
  return fields<"Part">(
      field<"size", &Part::size>("Bytes."), field<"data", &Part::data>("Content."),
      field<"source", &Part::source>("From where."), field<"read", &Part::read>("When."));
}

Result<std::vector<Part>> run(CommandContext&, const Arguments&) {
  return std::vector<Part>{};
}
Result<void> run_without(CommandContext&, const Nothing&) {
  return {};
}

constexpr Command example = declare<run>({.name = "bellhop-example",
                                          .documentation = "Serves as an example.",
                                          .since = "bellhop 0.1",
                                          .access = Access::read});
constexpr Command bare =
    declare<run_without>({.name = "bellhop-bare", .documentation = "", .since = ""});

nlohmann::json schema() {
  const Command* const commands[] = {&example, &bare};
  std::string text;
  wire::JsonWriter writer(text);
  write_schema(writer, commands, "1.2.3");
  return nlohmann::json::parse(text);
}

TEST(Schema, DescribesArgumentsAsJsonSchema) {
  const nlohmann::json arguments = schema()["commands"]["bellhop-example"]["arguments"];
  EXPECT_EQ(arguments, nlohmann::json::parse(R"({
    "type": "object",
    "properties": {"path": {"description": "Where.", "type": "string"},
                   "force": {"description": "Whether or not.", "type": "boolean"}},
    "required": ["path"],
    "additionalProperties": false})"));
}

TEST(Schema, DescribesRepliesAsJsonSchema) {
  const nlohmann::json returns = schema()["commands"]["bellhop-example"]["returns"];
  EXPECT_EQ(returns["type"], "array");
  EXPECT_EQ(returns["items"]["title"], "Part");
  EXPECT_EQ(returns["items"]["required"], nlohmann::json({"size", "data", "source"}));
  EXPECT_EQ(returns["items"]["properties"]["size"]["format"], "uint64");
  EXPECT_EQ(returns["items"]["properties"]["data"]["contentEncoding"], "base64");
  EXPECT_EQ(returns["items"]["properties"]["source"]["enum"], nlohmann::json({"disk", "memory"}));
  EXPECT_EQ(returns["items"]["properties"]["read"]["type"], "number");
}

TEST(Schema, SaysWhatPolicyNeedsToKnow) {
  const nlohmann::json command = schema()["commands"]["bellhop-example"];
  EXPECT_EQ(command["access"], "read");
  EXPECT_EQ(command["runs"], "on-worker");
  EXPECT_EQ(command["served-while-frozen"], false);
  EXPECT_EQ(command["success-response"], true);
  EXPECT_EQ(schema()["version"], "1.2.3");
}

TEST(Schema, ShowsACommandWithoutArgumentsAsAnEmptyObject) {
  const nlohmann::json command = schema()["commands"]["bellhop-bare"];
  EXPECT_EQ(command["arguments"]["properties"], nlohmann::json::object());
  EXPECT_EQ(command["returns"]["additionalProperties"], false);
}

}  // namespace
}  // namespace bellhop
