// What kind of socket somebody else made.
#pragma once

#include "base/error.h"

namespace bellhop::platform {

enum class SocketFamily { unix_domain, vsock, other };

Result<SocketFamily> socket_family(int socket);

}  // namespace bellhop::platform
