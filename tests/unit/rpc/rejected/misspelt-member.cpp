// expect: handel
// SPDX-License-Identifier: Apache-2.0
#include "rpc/field.h"

struct Arguments {
  std::int64_t handle;
};

constexpr auto fields_of(const Arguments*) {
  return bellhop::fields(bellhop::field<"handle", &Arguments::handel>("Handle."));
}

constexpr auto list = fields_of(static_cast<const Arguments*>(nullptr));
