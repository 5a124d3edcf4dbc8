// What can go wrong between a host program and an agent.
#pragma once

#include <string>

namespace bellhop::client {

// Which side failed, and so what a caller can do about it.
enum class ErrorKind {
  invalid_argument,    // the caller's: no such endpoint, arguments that are no JSON object
  cannot_connect,      // nothing accepts connections at the endpoint
  timeout,             // no whole reply in time; the next call synchronises first
  connection_lost,     // the other side closed; this Client is of no further use
  protocol_violation,  // what arrived is no reply; the next call synchronises first
  reply_too_large,     // more than Options::max_reply_bytes; the next call synchronises first
  agent_error,         // the agent carried the request out, or refused to, and says why
};

// A failure. `message` is complete and in one line: it names the endpoint, the command, what
// happened and what to do; control characters that the guest sent are escaped in it.
struct Error {
  ErrorKind kind;
  std::string message;
  // Of agent_error only, as the agent sent them: the class, such as "GenericError" or
  // "CommandNotFound", and the description. They are the guest's bytes: escape before showing.
  std::string agent_class = {};
  std::string agent_description = {};
};

}  // namespace bellhop::client
