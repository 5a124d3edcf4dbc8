// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <sys/socket.h>

#include "platform/io/peer_name.h"
// Must follow sys/socket.h.
#include <linux/vm_sockets.h>

namespace bellhop::platform {
namespace {

std::string unix_peer(int socket) {
  ucred peer{};
  socklen_t size = sizeof peer;
  if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return {};
  return fmt::format("pid {}, uid {}", peer.pid, peer.uid);
}

}  // namespace

std::string peer_name(NativeHandle socket) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  if (::getpeername(socket, reinterpret_cast<sockaddr*>(&address), &size) != 0) return {};
  if (address.ss_family == AF_UNIX) return unix_peer(socket);
  if (address.ss_family != AF_VSOCK) return {};
  const auto& peer = reinterpret_cast<const sockaddr_vm&>(address);
  return fmt::format("cid {}, port {}", peer.svm_cid, peer.svm_port);
}

}  // namespace bellhop::platform
