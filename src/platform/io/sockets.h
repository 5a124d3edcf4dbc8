// SPDX-License-Identifier: Apache-2.0
// Sockets of clients and of the service manager.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/error.h"
#include "platform/io/handle.h"

namespace bellhop::platform {

// Creates a non-blocking unix stream socket that listens at `path`. Replaces an existing file
// there: it can only be left over from an agent that has ended.
Result<Handle> listen_unix(const std::string& path);

// Accepts the next pending client of a listening socket; the result is non-blocking. Empty when no
// client is pending, or on an error.
Handle accept_client(NativeHandle listener);

enum class SocketFamily { unix_domain, vsock, other };

// The address family of a socket that another program created.
Result<SocketFamily> socket_family(NativeHandle socket);

// The socket that the service manager passed (sd_listen_fds(3)), made non-blocking. `pid` and
// `count` are the values of LISTEN_PID and LISTEN_FDS, or nullptr. nullopt when no socket was
// passed to this process. Fails unless exactly one listening unix or vsock stream socket was
// passed.
Result<std::optional<Handle>> inherited_socket(const char* pid, const char* count);

}  // namespace bellhop::platform
