// SPDX-License-Identifier: Apache-2.0
#include "platform/io/peer_name.h"

namespace bellhop::platform {

std::string peer_name(NativeHandle) {
  return {};
}

}  // namespace bellhop::platform
