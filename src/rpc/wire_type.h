// SPDX-License-Identifier: Apache-2.0
// The wire format of each C++ type of arguments and replies.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/error.h"
#include "rpc/type.h"
#include "wire/json_writer.h"
#include "wire/value.h"

namespace bellhop {

// A string literal as a template argument.
template <std::size_t N>
struct FixedString {
  char text[N]{};
  consteval FixedString(const char (&literal)[N]) {  // NOLINT(google-explicit-constructor)
    for (std::size_t i = 0; i < N; ++i) text[i] = literal[i];
  }
  constexpr std::string_view view() const { return {text, N - 1}; }
};

// Position of a value in the arguments, for errors: 'vcpus[0].logical-id'.
struct Path {
  const Path* parent = nullptr;
  std::string_view name = {};
  std::optional<std::size_t> index = {};  // of an array element, which has no name

  std::string text() const;
};

// Description, encoder and decoder of one type. A new type is one specialisation with:
//   type                    its description, a constant
//   encode(writer, value)   if replies may have it
//   decode(value, path)     if arguments may have it; errors are qemu-ga's
//   fits(value)             if it may be a choice of an Alternate: whether a value's JSON type is
//                           the one that this type has
// Structs have theirs in rpc/field.h.
template <class T>
struct WireType;

template <class T>
concept OnWire = requires { WireType<T>::type; };

template <class T>
concept AlternateChoice = OnWire<T> && requires(wire::Value value) { WireType<T>::fits(value); };

namespace detail {

std::unexpected<Error> wrong_type(const Path& path, std::string_view expected);
std::unexpected<Error> missing(const Path& path);
std::unexpected<Error> unexpected_parameter(const Path& path);
std::unexpected<Error> not_a_value(const Path& path, std::string_view text);

template <class T>
concept Enumeration = std::is_enum_v<T> && requires(T value) { wire_names(value); };

}  // namespace detail

template <>
struct WireType<bool> {
  static constexpr Type type{.json_type = "boolean"};
  static void encode(wire::JsonWriter& writer, bool value) { writer.boolean(value); }
  static Result<bool> decode(wire::Value value, const Path& path);
  static bool fits(wire::Value value) { return value.is(wire::Kind::boolean); }
};

template <>
struct WireType<std::int64_t> {
  static constexpr Type type{.json_type = "integer", .format = "int64"};
  static void encode(wire::JsonWriter& writer, std::int64_t value) { writer.integer(value); }
  static Result<std::int64_t> decode(wire::Value value, const Path& path);
  // Accepts all numbers, so that decode() reports which ones are invalid.
  static bool fits(wire::Value value) {
    return value.is(wire::Kind::integer) || value.is(wire::Kind::unsigned_integer) ||
           value.is(wire::Kind::real);
  }
};

template <>
struct WireType<std::uint64_t> {
  static constexpr Type type{.json_type = "integer", .format = "uint64"};
  static void encode(wire::JsonWriter& writer, std::uint64_t value) {
    writer.unsigned_integer(value);
  }
  // As qemu-ga does, accepts negative numbers as their two's complement.
  static Result<std::uint64_t> decode(wire::Value value, const Path& path);
};

template <>
struct WireType<double> {
  static constexpr Type type{.json_type = "number"};
  static void encode(wire::JsonWriter& writer, double value) { writer.real(value); }
};

// A std::string_view refers to the text of the request.
template <class T>
  requires std::same_as<T, std::string> || std::same_as<T, std::string_view>
struct WireType<T> {
  static constexpr Type type{.json_type = "string"};
  static void encode(wire::JsonWriter& writer, std::string_view value) { writer.string(value); }
  static Result<T> decode(wire::Value value, const Path& path) {
    if (!value.is(wire::Kind::string)) return detail::wrong_type(path, "string");
    return T(value.string());
  }
  static bool fits(wire::Value value) { return value.is(wire::Kind::string); }
};

// An argument with bytes as base64. The text is in the request and is decoded in place.
class Base64Argument {
 public:
  Base64Argument() = default;
  explicit Base64Argument(std::span<char> text) : text_(text) {}

  // Returns the bytes, which are valid for the lifetime of the request. Call it once: it overwrites
  // the text. Fails with qemu-ga's message if the text is not base64.
  Result<std::span<const std::byte>> decode() const;

 private:
  std::span<char> text_;
};

template <>
struct WireType<Base64Argument> {
  static constexpr Type type{.json_type = "string", .encoding = "base64"};
  static Result<Base64Argument> decode(wire::Value value, const Path& path);
};

// A reply member with bytes as base64, read in pieces while the reply is written, so that memory
// use does not depend on the size.
struct Base64Stream {
  // Returns the next piece, empty at the end. The piece stays valid until the next call. Called on
  // the thread that runs the command; may block. The size of every piece but the last is a multiple
  // of 3 bytes.
  std::function<std::span<const std::byte>()> next;
};

template <>
struct WireType<Base64Stream> {
  static constexpr Type type = WireType<Base64Argument>::type;
  static void encode(wire::JsonWriter& writer, const Base64Stream& value);
};

// Writes one JSON value of any shape, which no struct describes. In the schema it is "anything".
struct AnyJson {
  std::function<void(wire::JsonWriter&)> write;
};

template <>
struct WireType<AnyJson> {
  static constexpr Type type{};
  static void encode(wire::JsonWriter& writer, const AnyJson& value) { value.write(writer); }
};

// A reply member whose value is computed after the members before it have been written.
template <class T>
struct Late {
  std::function<T()> value;
};

template <OnWire T>
struct WireType<Late<T>> {
  static constexpr Type type = WireType<T>::type;
  static void encode(wire::JsonWriter& writer, const Late<T>& value) {
    WireType<T>::encode(writer, value.value());
  }
};

template <OnWire T>
struct WireType<std::vector<T>> {
  static constexpr Type type{.json_type = "array", .element = &WireType<T>::type};
  static void encode(wire::JsonWriter& writer, const std::vector<T>& value) {
    writer.begin_array();
    for (const auto& element : value) {
      WireType<T>::encode(writer, element);
      writer.flush_if_large();
    }
    writer.end_array();
  }
  static Result<std::vector<T>> decode(wire::Value value, const Path& path) {
    if (!value.is(wire::Kind::array)) return detail::wrong_type(path, "array");
    std::vector<T> elements;
    elements.reserve(value.size());
    std::optional<Error> error;
    value.each_element([&](wire::Value element) {
      auto decoded = WireType<T>::decode(element, {.parent = &path, .index = elements.size()});
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
};

// An enumeration whose values count from 0. Its namespace has `constexpr
// std::array<std::string_view, N> wire_names(Enumeration)`.
template <detail::Enumeration T>
struct WireType<T> {
  static constexpr auto names = wire_names(T{});
  static constexpr Type type{.values = names};
  static void encode(wire::JsonWriter& writer, T value) {
    writer.string(names[static_cast<std::size_t>(value)]);
  }
  static Result<T> decode(wire::Value value, const Path& path) {
    if (!fits(value)) return detail::wrong_type(path, "string");
    const std::string_view text = value.string();
    for (std::size_t i = 0; i < names.size(); ++i) {
      if (names[i] == text) return static_cast<T>(i);
    }
    return detail::not_a_value(path, text);
  }
  static bool fits(wire::Value value) { return value.is(wire::Kind::string); }
};

// An argument with one of several types, which differ in their JSON types. `Name` is its name in
// the schema and in errors.
template <FixedString Name, class... Choices>
struct Alternate {
  std::variant<Choices...> value;
};

template <FixedString Name, AlternateChoice... Choices>
struct WireType<Alternate<Name, Choices...>> {
  static constexpr std::array<const Type*, sizeof...(Choices)> choices{&WireType<Choices>::type...};
  static constexpr Type type{.name = Name.view(), .choices = choices};
  static Result<Alternate<Name, Choices...>> decode(wire::Value value, const Path& path) {
    Result<Alternate<Name, Choices...>> result;
    const auto attempt = [&]<class Choice>(std::type_identity<Choice>) {
      if (!WireType<Choice>::fits(value)) return false;
      auto decoded = WireType<Choice>::decode(value, path);
      if (decoded) {
        result->value = *std::move(decoded);
      } else {
        result = std::unexpected(std::move(decoded).error());
      }
      return true;
    };
    if (!(attempt(std::type_identity<Choices>{}) || ...)) {
      return detail::wrong_type(path, Name.view());
    }
    return result;
  }
};

}  // namespace bellhop
