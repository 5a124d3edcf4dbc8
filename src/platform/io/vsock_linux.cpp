// SPDX-License-Identifier: Apache-2.0
#include <sys/socket.h>

#include "platform/io/vsock.h"
// Must follow sys/socket.h.
#include <linux/vm_sockets.h>

#include <cerrno>
#include <string_view>

#include "base/text.h"

namespace bellhop::platform {
int vsock_family() {
  return AF_VSOCK;
}

Result<Handle> listen_vsock(const std::string& address) {
  std::string_view rest = address;
  const auto cid = text::parse_number<std::uint32_t>(text::consume_until(rest, ':'));
  const auto port = text::parse_number<std::uint32_t>(rest);
  if (!cid || !port) {
    return invalid("cannot listen at vsock address '{}': expected CID:PORT, two numbers", address);
  }
  sockaddr_vm name{};
  name.svm_family = AF_VSOCK;
  name.svm_cid = *cid;
  name.svm_port = *port;

  Handle fd(::socket(AF_VSOCK, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) return system_failure(errno, "cannot create a vsock socket");
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&name), sizeof name) != 0 ||
      ::listen(fd.get(), SOMAXCONN) != 0) {
    return system_failure(errno, "cannot listen at vsock address '{}'", address);
  }
  return fd;
}

}  // namespace bellhop::platform
