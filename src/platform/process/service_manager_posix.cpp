// SPDX-License-Identifier: Apache-2.0
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdlib>

#include "platform/io/handle.h"
#include "platform/process/service_manager.h"

namespace bellhop::platform {
namespace {

std::string assignment(ServiceState state) {
  using std::chrono::microseconds;
  switch (state) {
    case ServiceState::unchanged:
      return "";
    case ServiceState::ready:
      return "READY=1\n";
    case ServiceState::reloading: {
      const auto now = std::chrono::steady_clock::now().time_since_epoch();
      return fmt::format("RELOADING=1\nMONOTONIC_USEC={}\n",
                         std::chrono::duration_cast<microseconds>(now).count());
    }
    case ServiceState::stopping:
      return "STOPPING=1\n";
  }
  return "";
}

}  // namespace

std::string claim_service_manager() {
  const char* value = std::getenv("NOTIFY_SOCKET");
  std::string address = value ? value : "";
  ::unsetenv("NOTIFY_SOCKET");
  return address;
}

// A path, or an abstract name after "@". Others (vsock) are for service managers of other machines.
Result<void> notify_service_manager(const std::string& address, ServiceState state,
                                    std::string_view status) {
  if (address.empty()) return {};
  sockaddr_un name{};
  if ((address[0] != '/' && address[0] != '@') || address.size() >= sizeof name.sun_path) {
    return failure("cannot notify the service manager at '{}': not a unix socket", address);
  }
  name.sun_family = AF_UNIX;
  address.copy(name.sun_path, address.size());
  if (address[0] == '@') name.sun_path[0] = '\0';

  std::string message = assignment(state);
  if (!status.empty()) {
    message += "STATUS=";
    std::ranges::replace_copy(status, std::back_inserter(message), '\n', ' ');
  }
  const Handle socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  // Only a state is worth waiting for: without it, the service manager would end the agent.
  constexpr timeval limit{.tv_sec = 1, .tv_usec = 0};
  ::setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  const int flags = MSG_NOSIGNAL | (state == ServiceState::unchanged ? MSG_DONTWAIT : 0);
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address.size());
  if (::sendto(socket.get(), message.data(), message.size(), flags,
               reinterpret_cast<const sockaddr*>(&name), size) < 0) {
    return system_failure(errno, "cannot notify the service manager at '{}'", address);
  }
  return {};
}

}  // namespace bellhop::platform
