// SPDX-License-Identifier: Apache-2.0
#include "rpc/command.h"

namespace bellhop::commands {
namespace {

struct Arguments {
  std::int64_t id;
};

constexpr auto fields_of(const Arguments*) {
  return fields(field<"id", &Arguments::id>("A random number chosen by the client."));
}

Result<std::int64_t> run(CommandContext&, const Arguments& arguments) {
  return arguments.id;
}

}  // namespace

extern constinit const Command guest_sync_delimited = declare<run>({
    .name = "guest-sync-delimited",
    .documentation =
        "Like guest-sync, with one byte 0xFF before the reply, so that a client can skip all "
        "bytes that were left in the channel. A client sends 0xFF before the request for the "
        "same reason.",
    .since = "1.1",
    .access = Access::none,
    .runs = Runs::inline_on_loop,
    .priority = Priority::expedited,
    .served_while_frozen = true,
    .delimits_reply = true,
    .resets_session = true,
    .log_as_debug = true,
});

}  // namespace bellhop::commands
