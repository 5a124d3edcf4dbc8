// SPDX-License-Identifier: Apache-2.0
#include <chrono>

#include "agent/services.h"
#include "rpc/command.h"
#include "state/freeze/freeze.h"

namespace bellhop::state {

constexpr std::array<std::string_view, 3> wire_names(FreezeEnd) {
  return {"owner", "client", "itself"};
}

}  // namespace bellhop::state

namespace bellhop::commands {
namespace {

std::int64_t nanoseconds(std::chrono::system_clock::time_point time) {
  return std::chrono::nanoseconds(time.time_since_epoch()).count();
}

struct Arguments {
  std::optional<std::string_view> token;
};

constexpr auto fields_of(const Arguments*) {
  return fields(field<"token", &Arguments::token>("The token of a freeze, to learn how it ended."));
}

enum class Status { thawed, frozen };

constexpr std::array<std::string_view, 2> wire_names(Status) {
  return {"thawed", "frozen"};
}

struct Ended {
  state::FreezeEnd how;
  std::int64_t when;
  std::optional<std::string> by;
};

constexpr auto fields_of(const Ended*) {
  return fields<"BellhopFreezeEnd">(
      field<"how", &Ended::how>(
          "`owner`: it was thawed with its token. `client`: it was thawed by another client. "
          "`itself`: at its limit; `error` says so, or names a rarer cause."),
      field<"when", &Ended::when>("In nanoseconds since 1970-01-01 UTC."),
      field<"by", &Ended::by>("The channel of the client that thawed, and what is known of it."));
}

struct Reply {
  Status status;
  std::optional<std::int64_t> since;
  std::optional<std::int64_t> remaining_ms;
  bool owned;
  std::optional<bool> mine;
  std::optional<Ended> ended;
  std::optional<std::string> error;
};

constexpr auto fields_of(const Reply*) {
  return fields<"BellhopFreezeStatus">(
      field<"status", &Reply::status>("Whether the agent holds filesystems frozen."),
      field<"since", &Reply::since>(
          "Start of the freeze in force, in nanoseconds since 1970-01-01 UTC."),
      field<"remaining-ms", &Reply::remaining_ms>(
          "Time until that freeze ends by itself, in milliseconds. Left out if it has no limit."),
      field<"owned", &Reply::owned>("True if that freeze has a token."),
      field<"mine", &Reply::mine>("With a token: true if it is that freeze's."),
      field<"ended", &Reply::ended>("How the freeze of the token has ended."),
      field<"error", &Reply::error>(
          "The error of bellhop-fsfreeze-renew for a token whose freeze is not in force."));
}

Result<Reply> run(CommandContext& context, const Arguments& arguments) {
  const state::FreezeStatus now = context.services.freeze.status(arguments.token);
  Reply reply{.status = now.since ? Status::frozen : Status::thawed, .owned = now.owned};
  if (now.since) reply.since = nanoseconds(*now.since);
  if (now.remaining) reply.remaining_ms = now.remaining->count();
  if (!arguments.token) return reply;
  reply.mine = now.is_owner;
  if (now.is_owner) return reply;
  reply.error = state::token_failure(now.ended ? &*now.ended : nullptr).error().message;
  if (!now.ended) return reply;
  Ended& ended = reply.ended.emplace();
  ended.how = now.ended->how;
  ended.when = nanoseconds(now.ended->when);
  if (!now.ended->by.empty()) ended.by = now.ended->by;
  return reply;
}

}  // namespace

extern constinit const Command bellhop_fsfreeze_status = declare<run>({
    .name = "bellhop-fsfreeze-status",
    .documentation =
        "Returns whether filesystems are frozen, for how long still, and how the freeze of a token "
        "ended. Not allowed where guest-fsfreeze-status is blocked.",
    .since = "bellhop 0.1",
    .access = Access::inspect,
    .stands_in_for = {"guest-fsfreeze-status"},
    .runs = Runs::inline_on_loop,
    .priority = Priority::expedited,
    .served_while_frozen = true,
    .logged_arguments = 0,
    .log_as_debug = true,
});

}  // namespace bellhop::commands
