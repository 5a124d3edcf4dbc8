// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>
#include <string_view>

#include "base/text.h"
#include "platform/io/sockets.h"
#include "platform/io/vsock.h"

namespace bellhop::platform {
namespace {

constexpr int first_inherited_descriptor = 3;  // SD_LISTEN_FDS_START

void make_nonblocking(int fd) {
  fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
  fcntl(fd, F_SETFD, FD_CLOEXEC);
}

template <class Number>
std::optional<Number> parse(const char* text) {
  if (!text) return std::nullopt;
  return text::parse_number<Number>(text);
}

int socket_option(int fd, int option) {
  int value = -1;
  socklen_t size = sizeof value;
  return getsockopt(fd, SOL_SOCKET, option, &value, &size) == 0 ? value : -1;
}

}  // namespace

Result<Handle> listen_unix(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) {
    return invalid("cannot listen at '{}': a socket's path has at most {} bytes", path,
                   sizeof address.sun_path - 1);
  }
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);

  Handle fd(::socket(AF_UNIX, SOCK_STREAM, 0));
  if (!fd) return system_failure(errno, "cannot create a unix socket");
  make_nonblocking(fd.get());
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) {
    return system_failure(errno, "cannot replace '{}' by a socket", path);
  }
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(fd.get(), SOMAXCONN) != 0) {
    return system_failure(errno, "cannot listen at '{}'", path);
  }
  return fd;
}

Handle accept_client(NativeHandle listener) {
  for (;;) {
    Handle fd(::accept(listener, nullptr, nullptr));
    if (!fd && (errno == EINTR || errno == ECONNABORTED)) continue;
    if (fd) make_nonblocking(fd.get());
    return fd;
  }
}

Result<SocketFamily> socket_family(NativeHandle socket) {
  sockaddr_storage address{};
  socklen_t length = sizeof address;
  if (::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &length) != 0) {
    return system_failure(errno, "cannot tell the address of socket {}", socket);
  }
  if (address.ss_family == AF_UNIX) return SocketFamily::unix_domain;
  if (address.ss_family == vsock_family()) return SocketFamily::vsock;
  return SocketFamily::other;
}

Result<std::optional<Handle>> inherited_socket(const char* pid, const char* count) {
  const std::optional<pid_t> owner = parse<pid_t>(pid);
  const std::optional<int> sockets = parse<int>(count);
  if (!owner || *owner != getpid() || !sockets || *sockets < 1) return std::nullopt;
  if (*sockets > 1) {
    return invalid(
        "the service manager passed {} sockets, one is expected: give the socket unit "
        "a single ListenStream=",
        *sockets);
  }
  Handle fd(first_inherited_descriptor);
  const int family = socket_option(fd.get(), SO_DOMAIN);
  const bool known = family == AF_UNIX || family == vsock_family();
  if (!known || socket_option(fd.get(), SO_TYPE) != SOCK_STREAM ||
      socket_option(fd.get(), SO_ACCEPTCONN) != 1) {
    return invalid(
        "the socket that the service manager passed is not a listening unix or vsock "
        "stream socket");
  }
  make_nonblocking(fd.get());
  return std::optional<Handle>(std::move(fd));
}

}  // namespace bellhop::platform
