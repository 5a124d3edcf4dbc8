#include "rpc/schema.h"

namespace bellhop {
namespace {

void write_type(wire::JsonWriter& writer, const Type& type);

void write_text(wire::JsonWriter& writer, std::string_view key, std::string_view text) {
  writer.key(key);
  writer.string(text);
}

void write_flag(wire::JsonWriter& writer, std::string_view key, bool value) {
  writer.key(key);
  writer.boolean(value);
}

void write_object_members(wire::JsonWriter& writer, const Type& type) {
  write_text(writer, "type", "object");
  writer.key("properties");
  writer.begin_object();
  for (const FieldInfo& field : type.fields) {
    writer.key(field.name);
    writer.begin_object();
    write_text(writer, "description", field.documentation);
    write_type(writer, *field.type);
    writer.end_object();
  }
  writer.end_object();
  writer.key("required");
  writer.begin_array();
  for (const FieldInfo& field : type.fields) {
    if (!field.optional) writer.string(field.name);
  }
  writer.end_array();
  write_flag(writer, "additionalProperties", false);
}

void write_alternate_members(wire::JsonWriter& writer, const Type& type) {
  writer.key("anyOf");
  writer.begin_array();
  for (const Type* choice : type.choices) {
    writer.begin_object();
    write_type(writer, *choice);
    writer.end_object();
  }
  writer.end_array();
}

// The members of a JSON Schema; the caller has begun the object.
// The recursion follows the types that commands declare, not input.
void write_type(wire::JsonWriter& writer, const Type& type) {
  if (!type.name.empty()) write_text(writer, "title", type.name);
  switch (type.kind) {
    case Type::Kind::nothing:
    case Type::Kind::object:
      return write_object_members(writer, type);
    case Type::Kind::alternate:
      return write_alternate_members(writer, type);
    case Type::Kind::boolean:
      return write_text(writer, "type", "boolean");
    case Type::Kind::integer:
      write_text(writer, "type", "integer");
      return write_text(writer, "format", "int64");
    case Type::Kind::unsigned_integer:
      write_text(writer, "type", "integer");
      return write_text(writer, "format", "uint64");
    case Type::Kind::number:
      return write_text(writer, "type", "number");
    case Type::Kind::string:
      return write_text(writer, "type", "string");
    case Type::Kind::base64:
      write_text(writer, "type", "string");
      return write_text(writer, "contentEncoding", "base64");
    case Type::Kind::array:
      write_text(writer, "type", "array");
      writer.key("items");
      writer.begin_object();
      write_type(writer, *type.element);
      return writer.end_object();
    case Type::Kind::enumeration:
      writer.key("enum");
      writer.begin_array();
      for (std::string_view value : type.values) writer.string(value);
      return writer.end_array();
    case Type::Kind::anything:
      return;
  }
}

std::string_view name_of(Access access) {
  switch (access) {
    case Access::none:
      return "none";
    case Access::inspect:
      return "inspect";
    case Access::read:
      return "read";
    case Access::write:
      return "write";
    case Access::execute:
      return "execute";
    case Access::power:
      return "power";
  }
  return "power";
}

void write_command(wire::JsonWriter& writer, const Command& command) {
  const Facts& facts = command.facts;
  writer.begin_object();
  write_text(writer, "documentation", facts.documentation);
  write_text(writer, "since", facts.since);
  write_text(writer, "access", name_of(facts.access));
  write_text(writer, "runs", facts.runs == Runs::inline_on_loop ? "at-once" : "on-worker");
  write_flag(writer, "never-waits", facts.priority == Priority::expedited);
  write_flag(writer, "served-while-frozen", facts.served_while_frozen);
  write_flag(writer, "success-response", facts.has_success_response);
  writer.key("arguments");
  writer.begin_object();
  write_type(writer, *command.arguments);
  writer.end_object();
  writer.key("returns");
  writer.begin_object();
  write_type(writer, *command.reply);
  writer.end_object();
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
