// The client's errors and their wording.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "bellhop/error.h"
#include "deadline.h"

namespace bellhop::client {

// What a message has to name.
struct Subject {
  std::string_view endpoint;  // in its written form
  std::string_view command;   // what the caller wants to be carried out; empty while connecting
};

Error connect_failed(const Subject& subject, int error_number);
Error connect_timed_out(const Subject& subject, const Deadline& deadline);
// `awaited` is what was not answered: the command itself or the synchronisation before it.
Error timed_out(const Subject& subject, std::string_view awaited, const Deadline& deadline);
// `error_number` is 0 when the other side closed in an orderly way; `received` counts the bytes
// of an snapshot reply. The subject has no command when none had been sent.
Error connection_lost(const Subject& subject, int error_number, std::size_t received);
// `text` is what came in place of a reply, `reason` what is wrong with it.
Error no_reply(const Subject& subject, std::string_view text, std::string_view reason);
Error reply_too_large(const Subject& subject, std::size_t limit);
Error agent_error(std::string_view command, std::string_view agent_class,
                  std::string_view description);
// The agent refused the command that synchronises.
Error cannot_synchronise(const Subject& subject, Error refusal);

}  // namespace bellhop::client
