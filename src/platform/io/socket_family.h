// The address family of a socket that another program created.
#pragma once

#include "base/error.h"
#include "platform/io/handle.h"

namespace bellhop::platform {

enum class SocketFamily { unix_domain, vsock, other };

Result<SocketFamily> socket_family(NativeHandle socket);

}  // namespace bellhop::platform
