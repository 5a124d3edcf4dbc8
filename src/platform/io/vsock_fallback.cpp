// SPDX-License-Identifier: Apache-2.0
#include "platform/io/vsock.h"

namespace bellhop::platform {

int vsock_family() {
  return -1;
}

Result<Handle> listen_vsock(const std::string& address) {
  return failure("cannot listen at vsock address '{}': this system has no vsock", address);
}

}  // namespace bellhop::platform
