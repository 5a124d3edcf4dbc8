// SPDX-License-Identifier: Apache-2.0
#include "rpc/wire_type.h"

#include "wire/base64.h"

namespace bellhop {

std::string Path::text() const {
  std::string before = parent ? parent->text() : std::string();
  if (index) return fmt::format("{}[{}]", before, *index);
  if (!parent) return std::string(name);
  return fmt::format("{}.{}", before, name);
}

namespace detail {

std::unexpected<Error> wrong_type(const Path& path, std::string_view expected) {
  return invalid("Invalid parameter type for '{}', expected: {}", path.text(), expected);
}

std::unexpected<Error> missing(const Path& path) {
  return invalid("Parameter '{}' is missing", path.text());
}

std::unexpected<Error> unexpected_parameter(const Path& path) {
  return invalid("Parameter '{}' is unexpected", path.text());
}

std::unexpected<Error> not_a_value(const Path& path, std::string_view text) {
  return invalid("Parameter '{}' does not accept value '{}'", path.text(), text);
}

}  // namespace detail

Result<bool> WireType<bool>::decode(wire::Value value, const Path& path) {
  if (!value.is(wire::Kind::boolean)) return detail::wrong_type(path, "boolean");
  return value.boolean();
}

Result<std::int64_t> WireType<std::int64_t>::decode(wire::Value value, const Path& path) {
  if (!value.is(wire::Kind::integer)) return detail::wrong_type(path, "integer");
  return value.integer();
}

Result<std::uint64_t> WireType<std::uint64_t>::decode(wire::Value value, const Path& path) {
  if (value.is(wire::Kind::unsigned_integer)) return value.unsigned_integer();
  if (value.is(wire::Kind::integer)) return static_cast<std::uint64_t>(value.integer());
  return detail::wrong_type(path, "integer");
}

Result<Base64Argument> WireType<Base64Argument>::decode(wire::Value value, const Path& path) {
  if (!value.is(wire::Kind::string)) return detail::wrong_type(path, "string");
  return Base64Argument(value.mutable_string());
}

Result<std::span<const std::byte>> Base64Argument::decode() const {
  const auto bytes = wire::base64::decode_in_place(text_);
  if (!bytes) return invalid("Base64 data contains invalid characters");
  return *bytes;
}

void WireType<Base64Stream>::encode(wire::JsonWriter& writer, const Base64Stream& value) {
  writer.begin_base64();
  for (auto piece = value.next(); !piece.empty(); piece = value.next()) {
    writer.base64_piece(piece);
    if (!writer.flush_if_large()) break;
  }
  writer.end_base64();
}

}  // namespace bellhop
