// bellhop ping: is the agent there, and how long does it take.
#include <fmt/format.h>

#include "commands.h"
#include "printable.h"

namespace bellhop::cli {

ExitCode ping(const Settings& settings) {
  const auto reply = call_agent(settings, "guest-ping");
  if (!reply) return report(reply.error());
  return print(fmt::format("{} answered guest-ping in {}\n", client::printable(settings.endpoint),
                           readable_duration(reply->duration)));
}

}  // namespace bellhop::cli
