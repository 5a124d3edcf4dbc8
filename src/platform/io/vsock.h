// SPDX-License-Identifier: Apache-2.0
// Sockets between a virtual machine and its host (vsock(7)).
#pragma once

#include <string>

#include "base/error.h"
#include "platform/io/handle.h"

namespace bellhop::platform {

// The address family; -1 where the operating system does not support vsock.
int vsock_family();

// Creates a non-blocking vsock socket that listens at `address`, "CID:PORT". CID 4294967295 means
// any.
Result<Handle> listen_vsock(const std::string& address);

}  // namespace bellhop::platform
