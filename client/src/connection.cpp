// SPDX-License-Identifier: Apache-2.0
#include "connection.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace bellhop::client {
namespace {

constexpr std::size_t receive_size = std::size_t{256} * 1024;

// Sets a timeout for a blocking connect(2). A non-blocking connect cannot wait on a unix socket: it
// fails immediately if the queue is full, and poll(2) does not report when there is room.
void set_connect_timeout(int fd, const Deadline& deadline) {
  const int milliseconds = std::max(deadline.poll_timeout(), 1);
  timeval timeout{};
  timeout.tv_sec = milliseconds / 1000;
  timeout.tv_usec = static_cast<decltype(timeout.tv_usec)>((milliseconds % 1000) * 1000);
  ::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout);
}

// Returns 0 or an errno value; ETIMEDOUT if the deadline passed.
int connect_socket(int fd, const UnixSocket& address, const Deadline& deadline) {
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  if (address.path.size() >= sizeof name.sun_path) return ENAMETOOLONG;
  std::memcpy(name.sun_path, address.path.data(), address.path.size());
  while (!deadline.passed()) {
    set_connect_timeout(fd, deadline);
    const auto* pointer = reinterpret_cast<const sockaddr*>(&name);
    if (::connect(fd, pointer, sizeof name) == 0) return 0;
    if (errno != EINTR && errno != EAGAIN) return errno;
  }
  return ETIMEDOUT;
}

}  // namespace

std::expected<Connection, Error> Connection::open(const Endpoint& endpoint,
                                                  const Deadline& deadline) {
  const std::string text = endpoint.to_string();
  const Subject subject{.endpoint = text, .command = {}};
  Connection connection(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (connection.fd_ < 0) return std::unexpected(connect_failed(subject, errno));
  const int error_number = std::visit(
      [&](const UnixSocket& address) { return connect_socket(connection.fd_, address, deadline); },
      endpoint.address);
  if (error_number == ETIMEDOUT) return std::unexpected(connect_timed_out(subject, deadline));
  if (error_number != 0) return std::unexpected(connect_failed(subject, error_number));
  if (::fcntl(connection.fd_, F_SETFL, O_NONBLOCK) != 0) {
    return std::unexpected(connect_failed(subject, errno));
  }
  connection.buffer_.resize(receive_size);
  return connection;
}

Connection::Connection(Connection&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), buffer_(std::move(other.buffer_)) {}

Connection& Connection::operator=(Connection&& other) noexcept {
  std::swap(fd_, other.fd_);
  std::swap(buffer_, other.buffer_);
  return *this;
}

Connection::~Connection() {
  if (fd_ >= 0) ::close(fd_);
}

Connection::Outcome Connection::exchange(std::string_view request, const Deadline& deadline,
                                         const InputHandler& handle_input) {
  bool broken = false;  // sending failed; a reply may still be readable
  while (!deadline.passed()) {
    const bool sending = !request.empty() && !broken;
    pollfd entry{fd_, static_cast<short>(sending ? POLLIN | POLLOUT : POLLIN), 0};
    if (::poll(&entry, 1, deadline.poll_timeout()) <= 0) continue;  // EINTR or the deadline
    if (sending && (entry.revents & (POLLOUT | POLLERR | POLLHUP)) != 0) {
      const ssize_t sent = ::send(fd_, request.data(), request.size(), MSG_NOSIGNAL);
      if (sent > 0) request.remove_prefix(static_cast<std::size_t>(sent));
      broken = sent < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR;
    }
    if ((entry.revents & (POLLIN | POLLERR | POLLHUP)) == 0) continue;
    const ssize_t received = ::recv(fd_, buffer_.data(), buffer_.size(), 0);
    if (received > 0) {
      const std::string_view piece(buffer_.data(), static_cast<std::size_t>(received));
      if (handle_input(piece)) return {End::finished, 0, request.empty()};
    } else if (received == 0) {
      return {End::closed, 0, request.empty()};
    } else if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR) {
      return {End::closed, errno, request.empty()};
    }
  }
  return {End::deadline, 0, request.empty()};
}

bool Connection::has_input() const {
  pollfd entry{fd_, POLLIN, 0};
  return ::poll(&entry, 1, 0) > 0;
}

}  // namespace bellhop::client
