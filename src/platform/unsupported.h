// The answer of a topic that this operating system has no implementation for.
#pragma once

#include "base/error.h"

namespace bellhop::platform {

// What qemu-ga says in this case; clients compare the text.
inline std::unexpected<Error> unsupported() {
  return failure("this feature or command is not currently supported");
}

}  // namespace bellhop::platform
