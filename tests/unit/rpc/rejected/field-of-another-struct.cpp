// expect: a field is a member of another struct
// SPDX-License-Identifier: Apache-2.0
#include "rpc/field.h"

struct Address {
  std::int64_t bus;
};
struct Disk {
  std::int64_t bus;
};
constexpr auto fields_of(const Disk*) {
  return bellhop::fields(bellhop::field<"bus", &Address::bus>("Bus."));
}

constexpr auto& type = bellhop::WireType<Disk>::type;
