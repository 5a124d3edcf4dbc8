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

extern constinit const Command guest_sync = declare<run>({
    .name = "guest-sync",
    .documentation =
        "Returns the number from the request. A client that has lost its position in the channel "
        "reads until it finds its number: everything before it belongs to requests that the "
        "client has cancelled. Replies to those requests are dropped if they are not ready "
        "within half a second.",
    .since = "0.15.0",
    .access = Access::none,
    .runs = Runs::inline_on_loop,
    .priority = Priority::expedited,
    .served_while_frozen = true,
    .resets_session = true,
    .log_as_debug = true,
});

}  // namespace bellhop::commands
