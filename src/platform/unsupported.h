// SPDX-License-Identifier: Apache-2.0
// The result of a topic that has no implementation for this operating system.
#pragma once

#include "base/error.h"

namespace bellhop::platform {

// The text is qemu-ga's; clients compare it.
inline std::unexpected<Error> unsupported() {
  return failure("this feature or command is not currently supported");
}

}  // namespace bellhop::platform
