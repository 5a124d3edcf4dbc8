// SPDX-License-Identifier: Apache-2.0
#include "platform/io/sockets.h"

namespace bellhop::platform {

Result<Handle> listen_unix(const std::string& path) {
  return failure("cannot listen at '{}': this system has no unix sockets", path);
}

Handle accept_client(NativeHandle) {
  return {};
}

Result<SocketFamily> socket_family(NativeHandle) {
  return SocketFamily::other;
}

// No service manager here passes sockets.
Result<std::optional<Handle>> inherited_socket(const char*, const char*) {
  return std::nullopt;
}

}  // namespace bellhop::platform
