#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "agent/services.h"
#include "platform/clock/clock.h"
#include "platform/clock/timezone.h"
#include "rpc/command.h"

namespace bellhop::commands {
namespace {

struct Reply {
  std::optional<std::string> zone;
  std::int64_t offset;
};

constexpr auto fields_of(const Reply*) {
  return fields<"GuestTimezone">(
      field<"zone", &Reply::zone>("What the zone is called now, as `CEST`. For people to read."),
      field<"offset", &Reply::offset>("Seconds east of UTC, with daylight saving time."));
}

Result<Reply> run(CommandContext&, const Nothing&) {
  const auto now = platform::get_time();
  if (!now) return std::unexpected(now.error());
  auto zone = platform::timezone_at(*now / 1'000'000'000);
  if (!zone) return std::unexpected(std::move(zone).error());
  return Reply{.zone = std::move(zone->zone), .offset = zone->offset};
}

}  // namespace

extern constinit const Command guest_get_timezone = declare<run>({
    .name = "guest-get-timezone",
    .documentation = "Returns the time zone in force in the guest.",
    .since = "2.10",
    .access = Access::inspect,
    .runs = Runs::worker,
});

}  // namespace bellhop::commands
