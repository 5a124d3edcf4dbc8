// SPDX-License-Identifier: Apache-2.0
#include "bellhop/endpoint.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "printable.h"

namespace bellhop::client {
namespace {

std::unexpected<Error> invalid(std::string message) {
  return std::unexpected(Error{ErrorKind::invalid_argument, std::move(message)});
}

}  // namespace

std::expected<Endpoint, Error> Endpoint::parse(std::string_view text) {
  constexpr std::string_view prefix = "unix:";
  if (!text.starts_with(prefix)) {
    return invalid(
        fmt::format("'{}' is not the address of an agent (expected unix:PATH, for example "
                    "unix:/run/vm/agent.sock)",
                    printable(text)));
  }
  const std::string_view path = text.substr(prefix.size());
  constexpr std::size_t max_path_size = sizeof(sockaddr_un::sun_path) - 1;
  if (path.empty()) return invalid("'unix:' lacks the path of the socket");
  if (path.find('\0') != path.npos) return invalid("the path of a socket cannot contain NUL");
  if (path.size() > max_path_size) {
    return invalid(
        fmt::format("the path '{}' is longer than the {} bytes that the path of a unix "
                    "socket may have (use a relative path or a symbolic link)",
                    printable(path), max_path_size));
  }
  return Endpoint{UnixSocket{std::string(path)}};
}

std::string Endpoint::to_string() const {
  return std::visit([](const UnixSocket& socket) { return "unix:" + socket.path; }, address);
}

}  // namespace bellhop::client
