// SPDX-License-Identifier: Apache-2.0
// The socket between a client and an agent.
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

// Owns a connected stream socket. Blocks only in connect(2) and poll(2).
class Connection {
 public:
  // Errors: cannot_connect, timeout.
  static std::expected<Connection, Error> open(const Endpoint& endpoint, const Deadline& deadline);

  Connection(Connection&& other) noexcept;
  Connection& operator=(Connection&& other) noexcept;
  ~Connection();

  // Called with each piece of input, in order. Returns true to end the exchange.
  using InputHandler = std::function<bool(std::string_view)>;

  enum class End { finished, deadline, closed };
  struct Outcome {
    End end;
    int error_number;   // errno value for `closed`; 0 if the other side closed in an orderly way
    bool request_sent;  // completely
  };

  // Sends `request` and passes all input to the handler, also while it sends: an agent that blocks
  // until its output is read does not read the rest of the request.
  Outcome exchange(std::string_view request, const Deadline& deadline,
                   const InputHandler& handle_input);

  // True if there is input, or if the other side has closed.
  bool has_input() const;

 private:
  explicit Connection(int fd) : fd_(fd) {}

  int fd_;
  std::string buffer_;  // for receiving
};

}  // namespace bellhop::client
