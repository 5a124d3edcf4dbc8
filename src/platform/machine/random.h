// SPDX-License-Identifier: Apache-2.0
// The system's source of random numbers.
#pragma once

#include <cstddef>
#include <string>

#include "base/error.h"

namespace bellhop::platform {

// Random bytes that nobody can guess, up to 256, as hexadecimal digits. Errors: `cannot read random
// bytes: …`.
Result<std::string> random_hex(std::size_t bytes);

}  // namespace bellhop::platform
