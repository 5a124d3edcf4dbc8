#include "rpc/decode.h"

#include "wire/base64.h"

namespace bellhop {

std::string Path::text() const {
  std::string before = parent ? parent->text() : std::string();
  if (index) return fmt::format("{}[{}]", before, *index);
  if (!parent) return std::string(name);
  return fmt::format("{}.{}", before, name);
}

Result<std::span<const std::byte>> Base64Argument::decode() const {
  const auto bytes = wire::base64::decode_in_place(text_);
  if (!bytes) return invalid("Base64 data contains invalid characters");
  return *bytes;
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

Result<bool> decode_value(wire::Value value, const Path& path, std::type_identity<bool>) {
  if (!value.is(wire::Kind::boolean)) return wrong_type(path, "boolean");
  return value.boolean();
}

Result<std::int64_t> decode_value(wire::Value value, const Path& path,
                                  std::type_identity<std::int64_t>) {
  if (!value.is(wire::Kind::integer)) return wrong_type(path, "integer");
  return value.integer();
}

Result<std::uint64_t> decode_value(wire::Value value, const Path& path,
                                   std::type_identity<std::uint64_t>) {
  if (value.is(wire::Kind::unsigned_integer)) return value.unsigned_integer();
  if (value.is(wire::Kind::integer)) return static_cast<std::uint64_t>(value.integer());
  return wrong_type(path, "integer");
}

Result<double> decode_value(wire::Value value, const Path& path, std::type_identity<double>) {
  switch (value.kind()) {
    case wire::Kind::integer:
      return static_cast<double>(value.integer());
    case wire::Kind::unsigned_integer:
      return static_cast<double>(value.unsigned_integer());
    case wire::Kind::real:
      return value.real();
    default:
      return wrong_type(path, "number");
  }
}

Result<std::string_view> decode_value(wire::Value value, const Path& path,
                                      std::type_identity<std::string_view>) {
  if (!value.is(wire::Kind::string)) return wrong_type(path, "string");
  return value.string();
}

Result<std::string> decode_value(wire::Value value, const Path& path,
                                 std::type_identity<std::string>) {
  if (!value.is(wire::Kind::string)) return wrong_type(path, "string");
  return std::string(value.string());
}

Result<Base64Argument> decode_value(wire::Value value, const Path& path,
                                    std::type_identity<Base64Argument>) {
  if (!value.is(wire::Kind::string)) return wrong_type(path, "string");
  return Base64Argument(value.mutable_string());
}

}  // namespace detail
}  // namespace bellhop
