// SPDX-License-Identifier: Apache-2.0
// Errors of the client.
#pragma once

#include <string>

namespace bellhop::client {

// Which side failed, and the state of the Client afterwards.
enum class ErrorKind {
  invalid_argument,    // caller: the endpoint's text is invalid, or arguments are no JSON object
  cannot_connect,      // nothing accepts connections at the endpoint
  timeout,             // no complete reply in time; the next call synchronises first
  connection_lost,     // the other side closed; this Client cannot be used any more
  protocol_violation,  // the input is not a reply; the next call synchronises first
  reply_too_large,     // longer than Options::max_reply_bytes; the next call synchronises first
  agent_error,         // the agent answered with an error: the command failed or was refused
};

struct Error {
  ErrorKind kind;
  // One line. Names the endpoint, the command, the cause and the remedy. Control characters from
  // the guest are escaped.
  std::string message;
  // For agent_error only: class, such as "GenericError" or "CommandNotFound", and description as
  // the agent sent them. Not escaped: escape them before printing.
  std::string agent_class = {};
  std::string agent_description = {};
};

}  // namespace bellhop::client
