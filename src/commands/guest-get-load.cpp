#include <utility>

#include "agent/services.h"
#include "platform/machine/load.h"
#include "rpc/command.h"

namespace bellhop::commands {
namespace {

struct Reply {
  double load1m;
  double load5m;
  double load15m;
};

constexpr auto fields_of(const Reply*) {
  return fields<"GuestLoadAverage">(
      field<"load1m", &Reply::load1m>("Average over the last minute."),
      field<"load5m", &Reply::load5m>("Average over the last 5 minutes."),
      field<"load15m", &Reply::load15m>("Average over the last 15 minutes."));
}

Result<Reply> run(CommandContext&, const Nothing&) {
  const auto load = platform::load_average();
  if (!load) return std::unexpected(load.error());
  return Reply{
      .load1m = load->one_minute, .load5m = load->five_minutes, .load15m = load->fifteen_minutes};
}

}  // namespace

extern constinit const Command guest_get_load = declare<run>({
    .name = "guest-get-load",
    .documentation = "Returns how many processes run or want to, on average.",
    .since = "10.0",
    .access = Access::inspect,
    .runs = Runs::inline_on_loop,
    .log_as_debug = true,
});

}  // namespace bellhop::commands
