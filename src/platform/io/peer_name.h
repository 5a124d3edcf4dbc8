// SPDX-License-Identifier: Apache-2.0
// Identifies the peer of a connected socket.
#pragma once

#include <string>

#include "platform/io/handle.h"

namespace bellhop::platform {

// For messages: "pid 4711, uid 0" for a unix socket, "cid 2, port 1234" for a vsock one. Empty when
// the kernel does not report it.
std::string peer_name(NativeHandle socket);

}  // namespace bellhop::platform
