// From a command's reply to JSON.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <variant>
#include <vector>

#include "rpc/field.h"
#include "wire/json_writer.h"

namespace bellhop {

template <class T>
void encode(wire::JsonWriter& writer, const T& value) {
  if constexpr (std::same_as<T, bool>) {
    writer.boolean(value);
  } else if constexpr (std::same_as<T, std::int64_t>) {
    writer.integer(value);
  } else if constexpr (std::same_as<T, std::uint64_t>) {
    writer.unsigned_integer(value);
  } else if constexpr (std::same_as<T, double>) {
    writer.real(value);
  } else if constexpr (std::same_as<T, std::string> || std::same_as<T, std::string_view>) {
    writer.string(value);
  } else if constexpr (std::same_as<T, Base64Bytes>) {
    writer.begin_base64();
    writer.base64_piece(std::as_bytes(std::span(value.bytes)));
    writer.end_base64();
  } else if constexpr (std::same_as<T, Base64Stream>) {
    writer.begin_base64();
    for (auto piece = value.next(); !piece.empty(); piece = value.next()) {
      writer.base64_piece(piece);
      if (!writer.flush_if_large()) break;
    }
    writer.end_base64();
  } else if constexpr (std::same_as<T, AnyJson>) {
    value.write(writer);
  } else if constexpr (detail::is_late<T>) {
    encode(writer, value.value());
  } else if constexpr (detail::is_vector<T>) {
    writer.begin_array();
    for (const auto& element : value) {
      encode(writer, element);
      writer.flush_if_large();
    }
    writer.end_array();
  } else if constexpr (detail::Enumeration<T>) {
    writer.string(wire_names(value)[static_cast<std::size_t>(value)]);
  } else if constexpr (detail::Alternate<T>) {
    std::visit([&](const auto& choice) { encode(writer, choice); }, value.value);
  } else {
    static_assert(detail::Struct<T>, "encode: this type has no form on the wire");
    writer.begin_object();
    for_each_field<T>([&]<class F>(F) {
      const auto& member = value.*F::pointer;
      if constexpr (F::optional) {
        if (!member) return;
        writer.key(F::name);
        encode(writer, *member);
      } else {
        writer.key(F::name);
        encode(writer, member);
      }
    });
    writer.end_object();
  }
}

}  // namespace bellhop
