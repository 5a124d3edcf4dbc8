// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include "platform/io/handle.h"

namespace bellhop::platform {

void close_handle(NativeHandle handle) {
  if (handle >= 0) ::close(handle);
}

}  // namespace bellhop::platform
