#include <sys/socket.h>

#include "platform/io/vsock.h"
// After sys/socket.h, which it needs.
#include <linux/vm_sockets.h>

#include <cerrno>
#include <charconv>
#include <optional>
#include <string_view>

namespace bellhop::platform {
namespace {

std::optional<std::uint32_t> parse(std::string_view text) {
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

}  // namespace

int vsock_family() {
  return AF_VSOCK;
}

Result<Handle> listen_vsock(const std::string& address) {
  const std::string_view text(address);
  const std::size_t colon = text.find(':');
  const auto cid = parse(text.substr(0, colon));
  const auto port = colon == text.npos ? std::nullopt : parse(text.substr(colon + 1));
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
