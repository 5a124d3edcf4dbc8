// expect: this member's type has no form on the wire
// SPDX-License-Identifier: Apache-2.0
#include "rpc/field.h"

namespace platform {
struct Address {
  std::int64_t bus;
};
struct Disk {
  Address address;
};
constexpr auto fields_of(const Disk*) {
  return bellhop::fields<"GuestDisk">(bellhop::field<"address", &Disk::address>("Its place."));
}
}  // namespace platform

constexpr auto list = fields_of(static_cast<const platform::Disk*>(nullptr));
