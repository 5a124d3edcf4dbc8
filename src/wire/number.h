// From a number as JSON writes it to its value.
#pragma once

#include <string_view>

#include "wire/value.h"

namespace bellhop::wire {

// A node with the number's value. `text` must be a number of JSON's grammar; one without fraction
// and exponent becomes an integer when it fits int64_t, else an unsigned one when it fits
// uint64_t. Any other becomes the nearest double, which may be infinite.
Node parse_number(std::string_view text);

}  // namespace bellhop::wire
