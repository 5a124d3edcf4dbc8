#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "agent/services.h"
#include "base/version.h"
#include "platform/clock/clock.h"
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
      field<"protocol", &Reply::protocol>("The version of qemu-ga whose protocol it speaks."),
      field<"started", &Reply::started>(
          "When the agent started, in nanoseconds since 1970-01-01 in UTC, by the clock as it is "
          "set now."),
      field<"uptime", &Reply::uptime>("How long the agent has run, in whole seconds."),
      field<"replaced", &Reply::replaced>(
          "How often another program, such as a newer version, has taken the agent's place "
          "since it started, and gone on with its files, programs and freeze."),
      field<"frozen", &Reply::frozen>("Whether it holds filesystems frozen."),
      field<"frozen-since", &Reply::frozen_since>(
          "Since when, in nanoseconds since 1970-01-01 in UTC."));
}

Result<Reply> run(CommandContext& context, const Nothing&) {
  TRY_ASSIGN(const auto now, platform::get_time());
  const auto up = std::chrono::steady_clock::now() - context.services.started;
  const auto frozen_since = context.services.freeze.frozen_since();
  Reply reply{
      .version = std::string(program_version),
      .protocol = std::string(protocol_version),
      .started = now - nanoseconds(up),
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
    .documentation = "Returns what an operator wants to know about the agent itself.",
    .since = "bellhop 0.1",
    .access = Access::inspect,
    .runs = Runs::inline_on_loop,
    .priority = Priority::expedited,
    .served_while_frozen = true,
    .log_as_debug = true,
});

}  // namespace bellhop::commands
