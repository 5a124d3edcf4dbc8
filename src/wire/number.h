// SPDX-License-Identifier: Apache-2.0
// Parses JSON numbers.
#pragma once

#include <string_view>

#include "wire/value.h"

namespace bellhop::wire {

// Returns a node with the number's value. `text` must match JSON's grammar for numbers. Without
// fraction and exponent the value is an integer if it fits int64_t, otherwise an unsigned integer
// if it fits uint64_t. Any other value is the nearest double, which may be infinite.
Node parse_number(std::string_view text);

}  // namespace bellhop::wire
