// The bytes between a client and an agent.
#pragma once

#include <cstddef>
#include <expected>
#include <functional>
#include <string>
#include <string_view>

#include "bellhop/endpoint.h"
#include "deadline.h"
#include "failures.h"

namespace bellhop::client {

// A connected stream socket, which it owns. Waits only in poll(2), and in connect(2) at first.
class Connection {
 public:
  // Errors: cannot_connect, timeout.
  static std::expected<Connection, Error> open(const Endpoint& endpoint, const Deadline& deadline);

  Connection(Connection&& other) noexcept;
  Connection& operator=(Connection&& other) noexcept;
  ~Connection();

  // Given each piece of what arrives, in order; returns true when it wants no more.
  using Taker = std::function<bool(std::string_view)>;

  enum class End { taken, deadline, closed };
  struct Outcome {
    End end;
    int error_number;   // of `closed`: why; 0 when the other side just closed
    bool request_sent;  // all of it
  };

  // Sends `request` and hands on what arrives meanwhile and afterwards: an agent that is itself
  // waiting for us to read would otherwise never read on.
  Outcome exchange(std::string_view request, const Deadline& deadline, const Taker& take);

  // Something has arrived, or the other side has closed.
  bool has_input() const;

 private:
  explicit Connection(int fd) : fd_(fd) {}

  int fd_;
  std::string buffer_;  // of what is being received
};

}  // namespace bellhop::client
