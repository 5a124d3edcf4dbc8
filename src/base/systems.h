// SPDX-License-Identifier: Apache-2.0
// Operating systems, for what exists only on some of them.
#pragma once

namespace bellhop {

enum class Systems : unsigned {
  none = 0,  // a system that is not in this list
  on_linux = 1,
  on_windows = 2,
  on_freebsd = 4,
  on_netbsd = 8,
  on_openbsd = 16,
  all = ~0U,  // also those that are not in this list
};

constexpr Systems operator|(Systems a, Systems b) {
  return static_cast<Systems>(static_cast<unsigned>(a) | static_cast<unsigned>(b));
}

// Whether `set` contains `system`.
constexpr bool contains(Systems set, Systems system) {
  return set == Systems::all || (static_cast<unsigned>(set) & static_cast<unsigned>(system)) != 0;
}

}  // namespace bellhop
