// expect: constant: this value's type has no form on the wire
#include "rpc/field.h"

struct Reply {};
constexpr auto fields_of(const Reply*) {
  return bellhop::fields(bellhop::constant<"kind", 1>("Always 1."));  // int64_t is meant
}

constexpr auto list = fields_of(static_cast<const Reply*>(nullptr));
