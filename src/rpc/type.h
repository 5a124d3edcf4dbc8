// SPDX-License-Identifier: Apache-2.0
// The description of a wire type; the schema and the documentation are generated from it.
#pragma once

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

// A type of arguments or replies. Types are constants: pointers to them are always valid.
struct Type {
  std::string_view name = {};       // of objects and alternates; may be empty
  std::string_view json_type = {};  // empty for enumerations, alternates and AnyJson (any type)
  std::string_view format = {};     // of integers: int64, uint64
  std::string_view encoding = {};   // of strings that carry bytes: base64
  std::span<const FieldInfo> fields = {};         // objects
  const Type* element = nullptr;                  // arrays
  std::span<const std::string_view> values = {};  // enumerations
  std::span<const Type* const> choices = {};      // alternates: one of several types, which differ
                                                  // in their JSON types
};

}  // namespace bellhop
