// From a request's arguments to a command's struct, with qemu-ga's errors.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/error.h"
#include "rpc/field.h"
#include "wire/value.h"

namespace bellhop {

// Where in the arguments a value stands, for errors: 'vcpus[0].logical-id'.
struct Path {
  const Path* parent = nullptr;
  std::string_view name = {};
  std::optional<std::size_t> index = {};  // for an element of an array, which has no name

  std::string text() const;
};

namespace detail {

std::unexpected<Error> wrong_type(const Path& path, std::string_view expected);
std::unexpected<Error> missing(const Path& path);
std::unexpected<Error> unexpected_parameter(const Path& path);
std::unexpected<Error> not_a_value(const Path& path, std::string_view text);

Result<bool> decode_value(wire::Value value, const Path& path, std::type_identity<bool>);
Result<std::int64_t> decode_value(wire::Value value, const Path& path,
                                  std::type_identity<std::int64_t>);
// Accepts negative numbers as qemu-ga does: as their two's complement.
Result<std::uint64_t> decode_value(wire::Value value, const Path& path,
                                   std::type_identity<std::uint64_t>);
Result<double> decode_value(wire::Value value, const Path& path, std::type_identity<double>);
Result<std::string_view> decode_value(wire::Value value, const Path& path,
                                      std::type_identity<std::string_view>);
Result<std::string> decode_value(wire::Value value, const Path& path,
                                 std::type_identity<std::string>);
Result<Base64Argument> decode_value(wire::Value value, const Path& path,
                                    std::type_identity<Base64Argument>);

template <Enumeration T>
Result<T> decode_value(wire::Value value, const Path& path, std::type_identity<T>) {
  if (!value.is(wire::Kind::string)) return wrong_type(path, "string");
  const std::string_view text = value.string();
  constexpr auto names = wire_names(T{});
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i] == text) return static_cast<T>(i);
  }
  return not_a_value(path, text);
}

template <class T>
Result<std::vector<T>> decode_value(wire::Value value, const Path& path,
                                    std::type_identity<std::vector<T>>);
template <Struct T>
Result<T> decode_value(wire::Value value, const Path& path, std::type_identity<T>);

// Whether a value's JSON type is the one that T is written as.
template <class T>
bool looks_like(wire::Value value) {
  if constexpr (std::same_as<T, bool>) {
    return value.is(wire::Kind::boolean);
  } else if constexpr (std::same_as<T, std::int64_t>) {
    return value.is(wire::Kind::integer) || value.is(wire::Kind::unsigned_integer) ||
           value.is(wire::Kind::real);
  } else {
    static_assert(Enumeration<T> || std::same_as<T, std::string_view>,
                  "an alternate's choices are bool, std::int64_t, strings and enumerations");
    return value.is(wire::Kind::string);
  }
}

template <Alternate T>
Result<T> decode_value(wire::Value value, const Path& path, std::type_identity<T>) {
  std::optional<Result<T>> decoded;
  const auto attempt = [&]<class Choice>(std::type_identity<Choice> choice) {
    if (decoded || !looks_like<Choice>(value)) return;
    const Result<Choice> chosen = decode_value(value, path, choice);
    if (chosen) {
      decoded = T{.value = *chosen};
    } else {
      decoded = std::unexpected(chosen.error());
    }
  };
  [&]<class... Choice>(std::type_identity<std::variant<Choice...>>) {
    (attempt(std::type_identity<Choice>{}), ...);
  }(std::type_identity<decltype(T::value)>{});
  if (!decoded) return wrong_type(path, T::wire_type);
  return *std::move(decoded);
}

template <class T>
Result<std::vector<T>> decode_value(wire::Value value, const Path& path,
                                    std::type_identity<std::vector<T>>) {
  if (!value.is(wire::Kind::array)) return wrong_type(path, "array");
  std::vector<T> elements;
  elements.reserve(value.size());
  std::optional<Error> error;
  value.each_element([&](wire::Value element) {
    const Path here{.parent = &path, .index = elements.size()};
    Result<T> decoded = decode_value(element, here, std::type_identity<T>{});
    if (decoded) {
      elements.push_back(*std::move(decoded));
    } else {
      error = std::move(decoded).error();
    }
    return !error;
  });
  if (error) return std::unexpected(*std::move(error));
  return elements;
}

template <Struct T>
Result<T> decode_members(std::optional<wire::Value> object, const Path* parent) {
  T decoded{};
  std::optional<Error> error;
  std::uint32_t known = 0;
  for_each_field<T>([&]<class F>(F) {
    if (error) return;
    const Path path{.parent = parent, .name = F::name};
    const std::optional<wire::Value> value = object ? object->find(F::name) : std::nullopt;
    if (!value) {
      if (!F::optional) error = missing(path).error();
      return;
    }
    ++known;
    auto member = decode_value(*value, path, std::type_identity<typename F::Value>{});
    if (member) {
      decoded.*F::pointer = *std::move(member);
    } else {
      error = std::move(member).error();
    }
  });
  if (error) return std::unexpected(*std::move(error));
  if (!object || known == object->size()) return decoded;

  object->each_member([&](std::string_view name, wire::Value) {
    bool declared = false;
    for_each_field<T>([&]<class F>(F) { declared = declared || name == F::name; });
    if (!declared) error = unexpected_parameter(Path{.parent = parent, .name = name}).error();
    return declared;
  });
  return std::unexpected(*std::move(error));
}

template <Struct T>
Result<T> decode_value(wire::Value value, const Path& path, std::type_identity<T>) {
  if (!value.is(wire::Kind::object)) return wrong_type(path, "object");
  return decode_members<T>(value, &path);
}

}  // namespace detail

// Decodes a request's arguments. Without any, as an empty object.
// The result may hold views into the document and mutable access to its base64.
template <detail::Struct T>
Result<T> decode_arguments(std::optional<wire::Value> arguments) {
  return detail::decode_members<T>(arguments, nullptr);
}

}  // namespace bellhop
