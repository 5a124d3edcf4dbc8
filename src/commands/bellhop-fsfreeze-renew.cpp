// SPDX-License-Identifier: Apache-2.0
#include "agent/services.h"
#include "commands/freeze_limit.h"
#include "rpc/command.h"
#include "state/freeze/freeze.h"

namespace bellhop::commands {
namespace {

struct Arguments {
  std::string_view token;
  std::optional<std::int64_t> limit_ms;
};

constexpr auto fields_of(const Arguments*) {
  return fields(
      field<"token", &Arguments::token>("The token of the freeze, from bellhop-fsfreeze."),
      field<"limit-ms", &Arguments::limit_ms>(
          "A new limit for the freeze, as for bellhop-fsfreeze. Default: the one that it has."));
}

struct Reply {
  std::int64_t limit_ms;
};

constexpr auto fields_of(const Reply*) {
  return fields(field<"limit-ms", &Reply::limit_ms>(
      "After this time from now the freeze ends by itself; in milliseconds, 0 for never."));
}

Result<Reply> run(CommandContext& context, const Arguments& arguments) {
  TRY_ASSIGN(const auto wanted, freeze_limit(context, arguments.limit_ms));
  TRY_ASSIGN(const auto limit, context.services.freeze.renew(arguments.token, wanted));
  return Reply{.limit_ms = limit.count()};
}

}  // namespace

extern constinit const Command bellhop_fsfreeze_renew = declare<run>({
    .name = "bellhop-fsfreeze-renew",
    .documentation =
        "Begins the limit of a freeze again, so that it lasts while its client lives. If the "
        "freeze of the token has ended, returns an error that says how, when and by whom. Not "
        "allowed where guest-fsfreeze-freeze is blocked.",
    .since = "bellhop 0.1",
    .access = Access::power,
    .stands_in_for = {"guest-fsfreeze-freeze", "guest-fsfreeze-freeze-list"},
    .runs = Runs::inline_on_loop,
    .priority = Priority::expedited,
    .served_while_frozen = true,
    .logged_arguments = 0,
});

}  // namespace bellhop::commands
