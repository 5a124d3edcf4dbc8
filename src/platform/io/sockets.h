// Listening sockets.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/error.h"
#include "platform/io/handle.h"

namespace bellhop::platform {

// A non-blocking unix stream socket that listens at `path`. What stands there is replaced: it can
// only be left over from an agent that is gone, or the agent would have the port.
Result<Handle> listen_unix(const std::string& path);

// The next client that waits at a listening socket, non-blocking; none when nobody waits.
Handle accept_client(int listener);

// The socket that a service manager passed (sd_listen_fds(3)), made non-blocking: `pid` and `count`
// are the values of LISTEN_PID and LISTEN_FDS. nullopt when none was passed to this process.
// Fails when it is not exactly one listening unix or vsock stream socket.
Result<std::optional<Handle>> inherited_socket(const char* pid, const char* count);

}  // namespace bellhop::platform
