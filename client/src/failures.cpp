// SPDX-License-Identifier: Apache-2.0
#include "failures.h"

#include <fmt/format.h>

#include <cerrno>
#include <chrono>
#include <system_error>
#include <utility>

#include "printable.h"

namespace bellhop::client {
namespace {

std::string reason_of(int error_number) {
  return std::generic_category().message(error_number);
}

std::string seconds(const Deadline& deadline) {
  return fmt::format("{:g} s", std::chrono::duration<double>(deadline.timeout()).count());
}

std::string_view advice_for(int error_number) {
  switch (error_number) {
    case ENOENT:
      return "start the agent or the virtual machine that makes this socket, or correct the path";
    case ECONNREFUSED:
      return "no program listens on this socket any more; start the agent or the virtual machine";
    case EACCES:
    case EPERM:
      return "connecting requires write permission on the socket";
    default:
      return "check that this is the socket of an agent or of a virtual machine's channel";
  }
}

}  // namespace

Error connect_failed(const Subject& subject, int error_number) {
  return {ErrorKind::cannot_connect,
          fmt::format("cannot connect to {}: {} ({})", printable(subject.endpoint),
                      reason_of(error_number), advice_for(error_number))};
}

Error connect_timed_out(const Subject& subject, const Deadline& deadline) {
  return {ErrorKind::timeout,
          fmt::format("{} did not accept a connection within {} (the queue of waiting clients is "
                      "full: close other clients of this agent, or wait longer)",
                      printable(subject.endpoint), seconds(deadline))};
}

Error timed_out(const Subject& subject, std::string_view awaited, const Deadline& deadline) {
  std::string unsent;
  if (awaited != subject.command && !subject.command.empty()) {
    unsent = fmt::format("; {} was not sent", printable(subject.command));
  }
  return {ErrorKind::timeout,
          fmt::format("{} did not answer {} within {}{} (the agent is not running, busy, or "
                      "serving another client: check it in the guest, close other clients of "
                      "this agent, or wait longer)",
                      printable(subject.endpoint), printable(awaited), seconds(deadline), unsent)};
}

Error connection_lost(const Subject& subject, int error_number, std::size_t received) {
  std::string happened = "closed the connection";
  if (error_number != 0) happened += ": " + reason_of(error_number);
  std::string_view advice = "the agent or its virtual machine ended: start it and connect again";
  if (!subject.command.empty()) {
    happened += received == 0 ? fmt::format(" without a reply to {}", printable(subject.command))
                              : fmt::format(" in the middle of its reply to {}, after {} bytes",
                                            printable(subject.command), received);
    advice =
        "the agent or its virtual machine ended, and the command may or may not have been carried "
        "out: start it, connect again and check";
  }
  return {ErrorKind::connection_lost,
          fmt::format("{} {} ({})", printable(subject.endpoint), happened, advice)};
}

Error invalid_reply(const Subject& subject, std::string_view text, std::string_view reason) {
  constexpr std::size_t shown = 120;
  return {ErrorKind::protocol_violation,
          fmt::format("{} sent no valid reply to {}: {}: '{}{}' (check that this is the channel of "
                      "a guest agent and that nothing else writes to it)",
                      printable(subject.endpoint), printable(subject.command), reason,
                      printable(text.substr(0, shown)), text.size() > shown ? "…" : "")};
}

Error reply_too_large(const Subject& subject, std::size_t limit) {
  return {ErrorKind::reply_too_large,
          fmt::format("the reply of {} to {} is longer than the limit of {} bytes (ask for less at "
                      "a time, or raise the limit)",
                      printable(subject.endpoint), printable(subject.command), limit)};
}

Error agent_error(std::string_view command, std::string_view agent_class,
                  std::string_view description) {
  return {
      ErrorKind::agent_error,
      fmt::format("{}: {}: {}", printable(command), printable(agent_class), printable(description)),
      std::string(agent_class), std::string(description)};
}

Error cannot_synchronise(const Subject& subject, Error refusal) {
  refusal.message = fmt::format(
      "the agent at {} refuses to synchronise: {} (allow this command in the agent's "
      "configuration)",
      printable(subject.endpoint), refusal.message);
  return refusal;
}

}  // namespace bellhop::client
