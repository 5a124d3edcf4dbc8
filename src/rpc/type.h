// What a wire type looks like: the facts behind the schema, the documentation and the decoder.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace bellhop {

struct Type;

// One member of an object.
struct FieldInfo {
  std::string_view name;  // as on the wire
  const Type* type;
  bool optional;
  std::string_view documentation;
};

// A type of arguments or replies. Types live for ever: they are constants.
struct Type {
  enum class Kind {
    nothing,  // a command without arguments; a reply of {}
    boolean,
    integer,           // int64
    unsigned_integer,  // uint64
    number,            // double
    string,
    base64,  // a string of base64
    anything,
    array,
    object,
    enumeration,
    alternate,  // one of several types, told apart by the JSON type
  };

  Kind kind;
  std::string_view name = {};                     // objects, enumerations, alternates that have one
  std::span<const FieldInfo> fields = {};         // objects
  const Type* element = nullptr;                  // arrays
  std::span<const std::string_view> values = {};  // enumerations
  std::span<const Type* const> choices = {};      // alternates
};

}  // namespace bellhop
