#include "agent/services.h"
#include "rpc/command.h"

namespace bellhop::commands {
namespace {

struct Arguments {
  std::int64_t id;
};

constexpr auto fields_of(const Arguments*) {
  return fields(field<"id", &Arguments::id>("A number that the client draws at random."));
}

Result<std::int64_t> run(CommandContext&, const Arguments& arguments) {
  return arguments.id;
}

}  // namespace

extern constinit const Command guest_sync = declare<run>({
    .name = "guest-sync",
    .documentation =
        "Returns the number it was given. A client that lost track of the channel reads on until "
        "it sees its number: what came before belongs to requests that it gave up on. Replies to "
        "those that are not ready within half a second are dropped.",
    .since = "0.15.0",
    .access = Access::none,
    .runs = Runs::inline_on_loop,
    .priority = Priority::expedited,
    .served_while_frozen = true,
    .resets_session = true,
    .log_as_debug = true,
});

}  // namespace bellhop::commands
