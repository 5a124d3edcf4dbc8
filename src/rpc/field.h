// SPDX-License-Identifier: Apache-2.0
// How a command's arguments and reply are declared: a plain struct and its list of fields.
//
//   struct Arguments {
//     std::string_view path;
//     std::optional<std::string_view> mode;
//   };
//
//   constexpr auto fields_of(const Arguments*) {
//     return fields(field<"path", &Arguments::path>("The file, by its full path."),
//                   field<"mode", &Arguments::mode>("As for fopen(3); `r` when left out."));
//   }
//
// The decoder, the encoder, the schema and the documentation use the list. fields_of() is found by
// argument-dependent lookup, so declare it in the struct's namespace, after the struct and before
// its first use. The list of a struct of platform/ is in the file of the command that returns it; a
// struct has one list in the whole program. `fields<"GuestDiskInfo">(…)` sets the type's name on
// the wire, if it has one.
//
// The wire name must be the member's name, optionally with '-' for '_'. A trailing '_' of the
// member, used where the plain name is a keyword, is ignored. A wrong name or type does not
// compile.
//
// Members may have any type that has a WireType: bool, std::int64_t, std::uint64_t, std::string,
// std::vector<T>, std::optional<T>, an enumeration with wire_names(), a struct with fields_of(); in
// arguments also std::string_view, Base64Argument and Alternate<…>, in replies double,
// Base64Stream, AnyJson and Late<T>. This header also provides the standard headers of these types
// and of std::array, std::span, std::variant and <utility>.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

#include "base/error.h"
#include "rpc/wire_type.h"

namespace bellhop {
namespace detail {

template <class Pointer>
struct MemberPointer;
template <class Struct, class Member>
struct MemberPointer<Member Struct::*> {
  using Class = Struct;
  using Type = Member;
  static constexpr bool optional = false;
};
template <class Struct, class Member>
struct MemberPointer<std::optional<Member> Struct::*> {
  using Class = Struct;
  using Type = Member;
  static constexpr bool optional = true;
};

// The name of a member, parsed from __PRETTY_FUNCTION__.
template <auto Member>
consteval std::string_view member_name() {
  std::string_view description = __PRETTY_FUNCTION__;
  description = description.substr(description.find("Member = ") + 9);
  description = description.substr(0, description.find_first_of(";]"));
  return description.substr(description.rfind(':') + 1);
}

consteval bool names_agree(std::string_view wire, std::string_view member) {
  if (!member.empty() && member.back() == '_') member.remove_suffix(1);
  if (wire.size() != member.size()) return false;
  for (std::size_t i = 0; i < wire.size(); ++i) {
    if ((wire[i] == '-' ? '_' : wire[i]) != member[i]) return false;
  }
  return true;
}

}  // namespace detail

// One entry of a field list. Create it with field<>().
template <FixedString Name, auto Pointer>
struct Field {
  using Member = detail::MemberPointer<decltype(Pointer)>;
  using Value = typename Member::Type;
  static constexpr std::string_view name = Name.view();
  static constexpr auto pointer = Pointer;
  static constexpr bool optional = Member::optional;
  // The value in a struct; nullptr when it has none.
  static const Value* find(const typename Member::Class& object) {
    if constexpr (optional) {
      return object.*Pointer ? &*(object.*Pointer) : nullptr;
    } else {
      return &(object.*Pointer);
    }
  }

  std::string_view documentation;
};

// A member.
template <FixedString Name, auto Member>
consteval auto field(std::string_view documentation) {
  static_assert(std::is_member_object_pointer_v<decltype(Member)>,
                "field<\"name\", &Struct::member>: the second argument must point to a member");
  using F = Field<Name, Member>;
  static_assert(detail::names_agree(Name.view(), detail::member_name<Member>()),
                "field: the wire name must be the member's name with '-' for '_'; one of the two "
                "is misspelt");
  static_assert(OnWire<typename F::Value>,
                "field: this member's type has no form on the wire; see the list at the top of "
                "rpc/field.h");
  return F{documentation};
}

// The fields of a struct, in the order in which they are written. Create it with fields().
template <class... Fields>
struct FieldList {
  std::string_view type;  // the struct's name on the wire; may be empty
  std::tuple<Fields...> fields;
};

template <FixedString Type = "", class... Fields>
consteval auto fields(Fields... list) {
  return FieldList<Fields...>{Type.view(), {list...}};
}

namespace detail {

template <class T>
concept Struct = requires { fields_of(static_cast<const T*>(nullptr)); };

}  // namespace detail

template <detail::Struct T>
struct WireType<T> {
  static constexpr auto list = fields_of(static_cast<const T*>(nullptr));
  static constexpr auto infos = std::apply(
      []<class... F>(F... field) {
        static_assert((requires(const T& object) { F::find(object); } && ...),
                      "fields_of(const Struct*): a field is a member of another struct");
        return std::array<FieldInfo, sizeof...(F)>{FieldInfo{
            F::name, &WireType<typename F::Value>::type, F::optional, field.documentation}...};
      },
      list.fields);
  static constexpr Type type{.name = list.type, .json_type = "object", .fields = infos};

  static void encode(wire::JsonWriter& writer, const T& value) {
    writer.begin_object();
    for_each_field([&]<class F>(F) {
      const auto* member = F::find(value);
      if (!member) return;
      writer.key(F::name);
      WireType<typename F::Value>::encode(writer, *member);
    });
    writer.end_object();
  }

  static Result<T> decode(wire::Value value, const Path& path) {
    if (!value.is(wire::Kind::object)) return detail::wrong_type(path, "object");
    return decode_members(value, &path);
  }

  // Decodes the members of an object at `parent`. nullopt counts as an empty object.
  static Result<T> decode_members(std::optional<wire::Value> object, const Path* parent) {
    T decoded{};
    std::optional<Error> error;
    std::uint32_t known = 0;
    for_each_field([&]<class F>(F) {
      if (error) return;
      const Path path{.parent = parent, .name = F::name};
      const std::optional<wire::Value> value = object ? object->find(F::name) : std::nullopt;
      if (!value) {
        if (!F::optional) error = detail::missing(path).error();
        return;
      }
      ++known;
      auto member = WireType<typename F::Value>::decode(*value, path);
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
      for_each_field([&]<class F>(F) { declared = declared || name == F::name; });
      if (!declared) error = detail::unexpected_parameter({.parent = parent, .name = name}).error();
      return declared;
    });
    return std::unexpected(*std::move(error));
  }

 private:
  static constexpr void for_each_field(auto&& visit) {
    std::apply([&](auto... field) { (visit(field), ...); }, list.fields);
  }
};

// No arguments, or a reply of {}.
struct Nothing {};

constexpr auto fields_of(const Nothing*) {
  return fields();
}

// Decodes a request's arguments; nullopt counts as an empty object. The result may contain views
// into the request and may decode base64 in it in place.
template <detail::Struct T>
Result<T> decode_arguments(std::optional<wire::Value> arguments) {
  return WireType<T>::decode_members(arguments, nullptr);
}

}  // namespace bellhop
