// expect: the wire name must be the member's name
// SPDX-License-Identifier: Apache-2.0
#include "rpc/field.h"

struct Arguments {
  std::int64_t handle;
};

constexpr auto fields_of(const Arguments*) {
  return bellhop::fields(bellhop::field<"handel", &Arguments::handle>("Handle."));
}

constexpr auto list = fields_of(static_cast<const Arguments*>(nullptr));
