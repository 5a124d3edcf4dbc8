// SPDX-License-Identifier: Apache-2.0
// Constructs the client's errors with their messages.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "bellhop/error.h"
#include "deadline.h"

namespace bellhop::client {

// What a message is about.
struct Subject {
  std::string_view endpoint;  // such as "unix:PATH"
  std::string_view command;   // the caller's command; empty while connecting
};

Error connect_failed(const Subject& subject, int error_number);
Error connect_timed_out(const Subject& subject, const Deadline& deadline);
// `awaited` is the request without an answer: the command, or the synchronisation before it.
Error timed_out(const Subject& subject, std::string_view awaited, const Deadline& deadline);
// `error_number` is 0 if the other side closed in an orderly way. `received` is the number of bytes
// of the incomplete reply. The subject has a command only if it had been sent.
Error connection_lost(const Subject& subject, int error_number, std::size_t received);
// `text` is the input in place of a reply; `reason` says what is wrong with it.
Error invalid_reply(const Subject& subject, std::string_view text, std::string_view reason);
Error reply_too_large(const Subject& subject, std::size_t limit);
Error agent_error(std::string_view command, std::string_view agent_class,
                  std::string_view description);
// `refusal` is the agent's error for guest-sync-delimited.
Error cannot_synchronise(const Subject& subject, Error refusal);

}  // namespace bellhop::client
