// expect: this member's type has no form on the wire
// SPDX-License-Identifier: Apache-2.0
#include "rpc/field.h"

struct Arguments {
  int handle;  // int64_t is meant
};

constexpr auto fields_of(const Arguments*) {
  return bellhop::fields(bellhop::field<"handle", &Arguments::handle>("Handle."));
}

constexpr auto list = fields_of(static_cast<const Arguments*>(nullptr));
