// SPDX-License-Identifier: Apache-2.0
#include "platform/storage/guard_socket_linux.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace bellhop::platform {
namespace {

constexpr const char* socket_name = "bellhop.guard";

// Through the descriptor: the path of the directory may be longer than a socket's address.
sockaddr_un address_in(NativeHandle directory) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string path = fmt::format("/proc/self/fd/{}/{}", directory, socket_name);
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  return address;
}

// Whether the other end is a process of this user or root.
bool is_trusted(const Handle& socket) {
  ucred peer{};
  socklen_t size = sizeof peer;
  return ::getsockopt(socket.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 &&
         (peer.uid == 0 || peer.uid == ::geteuid());
}

Handle make_socket() {
  return Handle(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
}

}  // namespace

Result<Handle> listen_for_agents(NativeHandle directory, const std::string& directory_path) {
  const auto failed = [&](int reason) {
    return system_failure(reason, "cannot make '{}/{}'", directory_path, socket_name);
  };
  struct stat status{};
  if (::fstatat(directory, socket_name, &status, AT_SYMLINK_NOFOLLOW) == 0) {
    if (!S_ISSOCK(status.st_mode)) {
      return failure("'{}/{}' is not a socket: remove it", directory_path, socket_name);
    }
    ::unlinkat(directory, socket_name, 0);
  }
  Handle listener = make_socket();
  if (!listener) return failed(errno);
  const sockaddr_un address = address_in(directory);
  const mode_t before = ::umask(0177);
  const int bound =
      ::bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
  const int reason = errno;
  ::umask(before);
  if (bound != 0) return failed(reason);
  if (::listen(listener.get(), 8) != 0) return failed(errno);
  return listener;
}

void stop_listening(NativeHandle directory) {
  ::unlinkat(directory, socket_name, 0);
}

Handle accept_agent(NativeHandle listener) {
  Handle client(::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC));
  if (client && !is_trusted(client)) client.reset();
  return client;
}

Handle connect_to_guard(NativeHandle directory) {
  struct stat status{};
  if (::fstatat(directory, socket_name, &status, AT_SYMLINK_NOFOLLOW) != 0 ||
      !S_ISSOCK(status.st_mode)) {
    return {};
  }
  Handle socket = make_socket();
  const sockaddr_un address = address_in(directory);
  // A full backlog is no reason to wait.
  ::fcntl(socket.get(), F_SETFL, O_NONBLOCK);
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      !is_trusted(socket)) {
    return {};
  }
  ::fcntl(socket.get(), F_SETFL, 0);
  return socket;
}

}  // namespace bellhop::platform
