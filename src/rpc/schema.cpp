// SPDX-License-Identifier: Apache-2.0
#include "rpc/schema.h"

namespace bellhop {
namespace {

void write_type(wire::JsonWriter& writer, const Type& type);

void write_text(wire::JsonWriter& writer, std::string_view key, std::string_view text) {
  writer.key(key);
  writer.string(text);
}

void write_text_if_any(wire::JsonWriter& writer, std::string_view key, std::string_view text) {
  if (!text.empty()) write_text(writer, key, text);
}

void write_flag(wire::JsonWriter& writer, std::string_view key, bool value) {
  writer.key(key);
  writer.boolean(value);
}

void write_schema_of(wire::JsonWriter& writer, const Type& type) {
  writer.begin_object();
  write_type(writer, type);
  writer.end_object();
}

void write_object_members(wire::JsonWriter& writer, std::span<const FieldInfo> fields) {
  writer.key("properties");
  writer.begin_object();
  for (const FieldInfo& field : fields) {
    writer.key(field.name);
    writer.begin_object();
    write_text(writer, "description", field.documentation);
    write_type(writer, *field.type);
    writer.end_object();
  }
  writer.end_object();
  writer.key("required");
  writer.begin_array();
  for (const FieldInfo& field : fields) {
    if (!field.optional) writer.string(field.name);
  }
  writer.end_array();
  write_flag(writer, "additionalProperties", false);
}

// Writes the members of a JSON Schema; the caller has begun the object. The recursion depth depends
// on the declared types, not on input.
void write_type(wire::JsonWriter& writer, const Type& type) {
  write_text_if_any(writer, "title", type.name);
  write_text_if_any(writer, "type", type.json_type);
  write_text_if_any(writer, "format", type.format);
  write_text_if_any(writer, "contentEncoding", type.encoding);
  if (type.json_type == "object") write_object_members(writer, type.fields);
  if (type.element) {
    writer.key("items");
    write_schema_of(writer, *type.element);
  }
  if (!type.values.empty()) {
    writer.key("enum");
    writer.begin_array();
    for (std::string_view value : type.values) writer.string(value);
    writer.end_array();
  }
  if (!type.choices.empty()) {
    writer.key("anyOf");
    writer.begin_array();
    for (const Type* choice : type.choices) write_schema_of(writer, *choice);
    writer.end_array();
  }
}

constexpr std::array<std::string_view, 6> access_names = {"none",  "inspect", "read",
                                                          "write", "execute", "power"};

void write_command(wire::JsonWriter& writer, const Command& command) {
  const Facts& facts = command.facts;
  writer.begin_object();
  write_text(writer, "documentation", facts.documentation);
  write_text(writer, "since", facts.since);
  write_text(writer, "access", access_names[static_cast<std::size_t>(facts.access)]);
  write_text(writer, "runs", facts.runs == Runs::inline_on_loop ? "at-once" : "on-worker");
  write_flag(writer, "never-waits", facts.priority == Priority::expedited);
  write_flag(writer, "served-while-frozen", facts.served_while_frozen);
  write_flag(writer, "success-response", facts.has_success_response);
  writer.key("arguments");
  write_schema_of(writer, *command.arguments);
  writer.key("returns");
  write_schema_of(writer, *command.reply);
  writer.end_object();
}

}  // namespace

void write_schema(wire::JsonWriter& writer, std::span<const Command* const> commands,
                  std::string_view version) {
  writer.begin_object();
  write_text(writer, "version", version);
  writer.key("commands");
  writer.begin_object();
  for (const Command* command : commands) {
    writer.key(command->facts.name);
    write_command(writer, *command);
  }
  writer.end_object();
  writer.end_object();
}

}  // namespace bellhop
