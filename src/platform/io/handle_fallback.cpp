// SPDX-License-Identifier: Apache-2.0
#include "platform/io/handle.h"

namespace bellhop::platform {

void close_handle(NativeHandle) {}

}  // namespace bellhop::platform
