// expect: this member's type has no form on the wire
// SPDX-License-Identifier: Apache-2.0
#include "rpc/field.h"

struct Arguments {
  bellhop::Alternate<"GuestX", bool, double> value;  // double has no fits()
};
constexpr auto fields_of(const Arguments*) {
  return bellhop::fields(bellhop::field<"value", &Arguments::value>("Value."));
}

constexpr auto list = fields_of(static_cast<const Arguments*>(nullptr));
