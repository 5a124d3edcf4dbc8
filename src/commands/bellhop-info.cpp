// SPDX-License-Identifier: Apache-2.0
#include <chrono>

#include "agent/services.h"
#include "base/version.h"
#include "rpc/command.h"
#include "state/freeze/freeze.h"

namespace bellhop::commands {
namespace {

std::int64_t nanoseconds(auto duration) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(duration).count();
}

struct Reply {
  std::string version;
  std::string protocol;
  std::int64_t started;
  std::int64_t uptime;
  std::int64_t replaced;
  bool frozen;
  std::optional<std::int64_t> frozen_since;
};

constexpr auto fields_of(const Reply*) {
  return fields<"BellhopInfo">(
      field<"version", &Reply::version>("Bellhop's version."),
      field<"protocol", &Reply::protocol>(
          "The version of qemu-ga whose protocol the agent implements."),
      field<"started", &Reply::started>(
          "Start time of the agent, in nanoseconds since 1970-01-01 UTC, by the current setting "
          "of the clock."),
      field<"uptime", &Reply::uptime>("Time since the start of the agent, in whole seconds."),
      field<"replaced", &Reply::replaced>(
          "Number of live upgrades since the agent started: another program, such as a newer "
          "version, replaced the running one and continued with its files, programs and freeze."),
      field<"frozen", &Reply::frozen>("True if the agent holds filesystems frozen."),
      field<"frozen-since", &Reply::frozen_since>(
          "Start of the freeze, in nanoseconds since 1970-01-01 UTC."));
}

Result<Reply> run(CommandContext& context, const Nothing&) {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const auto up = std::chrono::steady_clock::now() - context.services.started;
  const auto frozen_since = context.services.freeze.frozen_since();
  Reply reply{
      .version = std::string(program_version),
      .protocol = std::string(protocol_version),
      .started = nanoseconds(now - up),
      .uptime = std::chrono::duration_cast<std::chrono::seconds>(up).count(),
      .replaced = context.services.upgrades,
      .frozen = frozen_since.has_value(),
      .frozen_since = {},
  };
  if (frozen_since) reply.frozen_since = nanoseconds(frozen_since->time_since_epoch());
  return reply;
}

}  // namespace

extern constinit const Command bellhop_info = declare<run>({
    .name = "bellhop-info",
    .documentation = "Returns version, uptime, live upgrades and freeze state of the agent itself.",
    .since = "bellhop 0.1",
    .access = Access::inspect,
    .runs = Runs::inline_on_loop,
    .priority = Priority::expedited,
    .served_while_frozen = true,
    .log_as_debug = true,
});

}  // namespace bellhop::commands
