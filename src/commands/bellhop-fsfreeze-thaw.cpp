// SPDX-License-Identifier: Apache-2.0
#include "agent/services.h"
#include "rpc/command.h"
#include "state/freeze/freeze.h"

namespace bellhop::commands {
namespace {

struct Arguments {
  std::optional<bool> force;
  std::optional<std::string_view> token;
};

constexpr auto fields_of(const Arguments*) {
  return fields(
      field<"force", &Arguments::force>(
          "True to end any freeze, like guest-fsfreeze-thaw. The freeze's owner learns of it."),
      field<"token", &Arguments::token>(
          "The token of the freeze that shall end. Without it, only a freeze that has none is "
          "ended."));
}

struct Reply {
  std::int64_t thawed;
};

constexpr auto fields_of(const Reply*) {
  return fields(field<"thawed", &Reply::thawed>(
      "The number of filesystems that were thawed; 0 if an earlier call has ended the freeze."));
}

Result<Reply> run(CommandContext& context, const Arguments& arguments) {
  TRY_ASSIGN(const std::int64_t thawed,
             context.services.freeze.thaw({.by = context.caller.name(),
                                           .token = arguments.token,
                                           .force = arguments.force.value_or(false)}));
  return Reply{.thawed = thawed};
}

}  // namespace

extern constinit const Command bellhop_fsfreeze_thaw = declare<run>({
    .name = "bellhop-fsfreeze-thaw",
    .documentation =
        "Ends a freeze as guest-fsfreeze-thaw, but not that of another client. If the freeze of "
        "the token has ended otherwise, returns an error that says how, when and by whom; a "
        "freeze that is in force now then stays. That error means: data copied in the meantime may "
        "be inconsistent. Not allowed where guest-fsfreeze-thaw is blocked.",
    .since = "bellhop 0.1",
    .access = Access::power,
    .stands_in_for = {"guest-fsfreeze-thaw"},
    .priority = Priority::expedited,
    .served_while_frozen = true,
});

}  // namespace bellhop::commands
