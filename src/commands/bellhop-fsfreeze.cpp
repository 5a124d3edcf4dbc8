// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <chrono>

#include "agent/services.h"
#include "commands/freeze_limit.h"
#include "rpc/command.h"
#include "state/freeze/freeze.h"

namespace bellhop::state {

constexpr auto fields_of(const FilesystemReport*) {
  return fields<"BellhopFilesystemFreeze">(
      field<"mountpoint", &FilesystemReport::mountpoint>("Its first mountpoint."),
      field<"frozen", &FilesystemReport::frozen>("True if this freeze has frozen it."),
      field<"reason", &FilesystemReport::reason>("Why it is not frozen."),
      field<"milliseconds", &FilesystemReport::milliseconds>(
          "How long the kernel took to write its data and freeze it, or to refuse. 0 if it was "
          "skipped."));
}

}  // namespace bellhop::state

namespace bellhop::commands {
namespace {

enum class Policy { best_effort, strict };

constexpr std::array<std::string_view, 2> wire_names(Policy) {
  return {"best-effort", "strict"};
}

struct Arguments {
  std::optional<std::vector<std::string_view>> mountpoints;
  std::optional<std::int64_t> limit_ms;
  std::optional<Policy> policy;
};

constexpr auto fields_of(const Arguments*) {
  return fields(
      field<"mountpoints", &Arguments::mountpoints>(
          "The filesystems to freeze, as for guest-fsfreeze-freeze-list. Default: all."),
      field<"limit-ms", &Arguments::limit_ms>(
          "After this time the freeze ends by itself; in milliseconds. From 1 to one hour, or to "
          "`limit` of `[freeze]` in bellhop.conf if that is longer. Default: that limit."),
      field<"policy", &Arguments::policy>(
          "`best-effort`, the default: a filesystem that cannot be frozen is skipped. `strict`: "
          "the freeze fails then and everything is thawed again. Read-only filesystems and those "
          "that the guest's administrator leaves out are skipped in any case."));
}

struct Reply {
  std::optional<std::string> token;
  std::int64_t limit_ms;
  std::vector<state::FilesystemReport> filesystems;
  std::int64_t frozen;
};

constexpr auto fields_of(const Reply*) {
  return fields<"BellhopFreeze">(
      field<"token", &Reply::token>(
          "Names this freeze for bellhop-fsfreeze-thaw, -renew and -status. Left out if nothing "
          "was frozen; no thaw is needed then."),
      field<"limit-ms", &Reply::limit_ms>(
          "The limit of this freeze in milliseconds; 0 if there is none."),
      field<"filesystems", &Reply::filesystems>(
          "All filesystems that were asked for, in the order in which they freeze."),
      field<"frozen", &Reply::frozen>("The number of frozen filesystems."));
}

Result<Reply> run(CommandContext& context, const Arguments& arguments) {
  state::FreezeRequest request{
      .policy = arguments.policy.value_or(Policy::best_effort) == Policy::strict
                    ? state::FreezePolicy::strict
                    : state::FreezePolicy::best_effort,
      .owned = true};
  if (arguments.mountpoints) request.mountpoints = *arguments.mountpoints;
  TRY_ASSIGN(request.limit, freeze_limit(context, arguments.limit_ms));
  TRY_ASSIGN(auto report, context.services.freeze.freeze(request));
  Reply reply{
      .token = {}, .limit_ms = report.limit.count(), .filesystems = {}, .frozen = report.frozen()};
  if (!report.token.empty()) reply.token = std::move(report.token);
  reply.filesystems = std::move(report.filesystems);
  return reply;
}

}  // namespace

extern constinit const Command bellhop_fsfreeze = declare<run>({
    .name = "bellhop-fsfreeze",
    .documentation =
        "Freezes filesystems as guest-fsfreeze-freeze, and returns a token with which the client "
        "ends this freeze and learns how it ended, and a report on each filesystem. Not allowed "
        "where guest-fsfreeze-freeze or guest-fsfreeze-freeze-list is blocked.",
    .since = "bellhop 0.1",
    .access = Access::power,
    .stands_in_for = {"guest-fsfreeze-freeze", "guest-fsfreeze-freeze-list"},
});

}  // namespace bellhop::commands
