#include <sys/socket.h>

#include <cerrno>

#include "platform/io/socket_family.h"
#include "platform/io/vsock.h"

namespace bellhop::platform {

Result<SocketFamily> socket_family(int socket) {
  sockaddr_storage address{};
  socklen_t length = sizeof address;
  if (::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &length) != 0) {
    return system_failure(errno, "cannot tell the address of socket {}", socket);
  }
  if (address.ss_family == AF_UNIX) return SocketFamily::unix_domain;
  if (address.ss_family == vsock_family()) return SocketFamily::vsock;
  return SocketFamily::other;
}

}  // namespace bellhop::platform
