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
// argument-dependent lookup, so it stands in the struct's namespace, after the struct and before
// its first use. The list of a struct of platform/ stands in the file of the command that replies
// with it; a struct has one list in the whole program. `fields<"GuestDiskInfo">(…)` gives the
// type's name on the wire, if it has one.
//
// The wire name must be the member's name with '-' for '_' (or the same); a trailing '_' on the
// member, where the plain name is a keyword, does not count. A wrong name or type does not compile.
//
// Members may be: bool, std::int64_t, std::uint64_t, double, std::string_view (arguments),
// std::string, Base64Argument (arguments), Base64Bytes, Base64Stream, AnyJson, Late<T> (replies),
// std::vector<T>, std::optional<T>, an enumeration with wire_names(), a struct with fields_of(), an
// alternate (a struct with `std::variant<…> value` and wire_type).
#pragma once

#include <array>
#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <variant>
#include <vector>

#include "rpc/any_json.h"
#include "rpc/bytes.h"
#include "rpc/fixed_string.h"
#include "rpc/type.h"

namespace bellhop {

namespace detail {

template <class T>
inline constexpr bool is_vector = false;
template <class T>
inline constexpr bool is_vector<std::vector<T>> = true;

template <class T>
inline constexpr bool is_optional = false;
template <class T>
inline constexpr bool is_optional<std::optional<T>> = true;

template <class T>
inline constexpr bool is_late = false;
template <class T>
inline constexpr bool is_late<Late<T>> = true;

template <class T>
inline constexpr bool is_variant = false;
template <class... T>
inline constexpr bool is_variant<std::variant<T...>> = true;

template <class T>
concept Struct = requires { fields_of(static_cast<const T*>(nullptr)); };

template <class T>
concept Enumeration = std::is_enum_v<T> && requires(T value) { wire_names(value); };

template <class T>
concept Alternate = requires(T value) {
  requires is_variant<decltype(value.value)>;
  T::wire_type;
};

template <class T>
consteval bool is_wire_type() {
  if constexpr (is_vector<T>) {
    return is_wire_type<typename T::value_type>();
  } else if constexpr (is_late<T>) {
    return is_wire_type<decltype(std::declval<T>().value())>();
  } else {
    return std::same_as<T, bool> || std::same_as<T, std::int64_t> ||
           std::same_as<T, std::uint64_t> || std::same_as<T, double> ||
           std::same_as<T, std::string> || std::same_as<T, std::string_view> ||
           std::same_as<T, Base64Argument> || std::same_as<T, Base64Bytes> ||
           std::same_as<T, Base64Stream> || std::same_as<T, AnyJson> || Struct<T> ||
           Enumeration<T> || Alternate<T>;
  }
}

template <class T>
struct WithoutOptional {
  using type = T;
};
template <class T>
struct WithoutOptional<std::optional<T>> {
  using type = T;
};

template <class Pointer>
struct MemberPointer;
template <class Class, class Member>
struct MemberPointer<Member Class::*> {
  using Type = Member;
};

// The name of a member, from the compiler's description of a template argument.
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

// One entry of a field list: made by field<>() only.
template <FixedString Name, auto Pointer>
struct Field {
  using Member = typename detail::MemberPointer<decltype(Pointer)>::Type;
  using Value = typename detail::WithoutOptional<Member>::type;
  static constexpr std::string_view name = Name.view();
  static constexpr auto pointer = Pointer;
  static constexpr bool optional = detail::is_optional<Member>;

  std::string_view documentation;
};

template <FixedString Name, auto Member>
consteval auto field(std::string_view documentation) {
  static_assert(std::is_member_object_pointer_v<decltype(Member)>,
                "field<\"name\", &Struct::member>: the second argument must point to a member");
  using F = Field<Name, Member>;
  static_assert(detail::names_agree(Name.view(), detail::member_name<Member>()),
                "field: the wire name must be the member's name with '-' for '_'; one of the two "
                "is misspelt");
  static_assert(detail::is_wire_type<typename F::Value>(),
                "field: this member's type has no form on the wire; see the list at the top of "
                "rpc/field.h");
  return F{documentation};
}

// The fields of a struct, in the order in which they are written. Made by fields() only.
template <class... Fields>
struct FieldList {
  std::string_view type;  // the struct's name on the wire; may be empty
  std::tuple<Fields...> fields;
};

template <FixedString Type = "", class... Fields>
consteval auto fields(Fields... list) {
  return FieldList<Fields...>{Type.view(), {list...}};
}

// No arguments, or a reply of {}.
struct Nothing {};

constexpr auto fields_of(const Nothing*) {
  return fields();
}

// Calls visit(field) for each field of a struct, in order.
template <class T, class Visitor>
constexpr void for_each_field(Visitor&& visit) {
  std::apply([&](auto... field) { (visit(field), ...); },
             fields_of(static_cast<const T*>(nullptr)).fields);
}

namespace detail {

template <class T>
struct TypeOf;

template <class T>
struct TypeOf {
  static constexpr Type make() {
    if constexpr (std::same_as<T, bool>) {
      return {.kind = Type::Kind::boolean};
    } else if constexpr (std::same_as<T, std::int64_t>) {
      return {.kind = Type::Kind::integer};
    } else if constexpr (std::same_as<T, std::uint64_t>) {
      return {.kind = Type::Kind::unsigned_integer};
    } else if constexpr (std::same_as<T, double>) {
      return {.kind = Type::Kind::number};
    } else if constexpr (std::same_as<T, std::string> || std::same_as<T, std::string_view>) {
      return {.kind = Type::Kind::string};
    } else if constexpr (std::same_as<T, AnyJson>) {
      return {.kind = Type::Kind::anything};
    } else {
      static_assert(std::same_as<T, Base64Argument> || std::same_as<T, Base64Bytes> ||
                    std::same_as<T, Base64Stream>);
      return {.kind = Type::Kind::base64};
    }
  }
  static constexpr Type value = make();
};

template <class T>
struct TypeOf<std::vector<T>> {
  static constexpr Type value{.kind = Type::Kind::array, .element = &TypeOf<T>::value};
};

template <class T>
struct TypeOf<Late<T>> : TypeOf<T> {};

template <Struct T>
struct TypeOf<T> {
  static constexpr auto list = fields_of(static_cast<const T*>(nullptr));
  static constexpr auto infos = std::apply(
      []<class... F>(F... field) {
        return std::array<FieldInfo, sizeof...(F)>{FieldInfo{
            F::name, &TypeOf<typename F::Value>::value, F::optional, field.documentation}...};
      },
      list.fields);
  static constexpr Type value{.kind = infos.empty() ? Type::Kind::nothing : Type::Kind::object,
                              .name = list.type,
                              .fields = infos};
};

template <Enumeration T>
struct TypeOf<T> {
  static constexpr auto names = wire_names(T{});
  static constexpr Type value{.kind = Type::Kind::enumeration, .values = names};
};

template <class Variant>
struct Choices;
template <class... T>
struct Choices<std::variant<T...>> {
  static constexpr std::array<const Type*, sizeof...(T)> value{&TypeOf<T>::value...};
};

template <Alternate T>
struct TypeOf<T> {
  static constexpr Type value{.kind = Type::Kind::alternate,
                              .name = T::wire_type,
                              .choices = Choices<decltype(T::value)>::value};
};

}  // namespace detail

// The description of a wire type.
template <class T>
inline constexpr const Type& type_of = detail::TypeOf<T>::value;

}  // namespace bellhop
