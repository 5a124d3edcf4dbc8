// SPDX-License-Identifier: Apache-2.0
// Process ids.
#pragma once

#include <cstdint>

namespace bellhop::platform {

// A pid, as in the operating system and on the wire.
using ProcessId = std::int64_t;

ProcessId current_pid();

}  // namespace bellhop::platform
