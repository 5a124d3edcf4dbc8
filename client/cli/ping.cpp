// SPDX-License-Identifier: Apache-2.0
// bellhop ping: checks that the agent answers and prints the round-trip time.
#include <fmt/format.h>

#include "commands.h"
#include "printable.h"

namespace bellhop::cli {

ExitCode ping(const CliOptions& cli_options) {
  const auto reply = call_agent(cli_options, "guest-ping");
  if (!reply) return report(reply.error());
  return print(fmt::format("{} answered guest-ping in {}\n",
                           client::printable(cli_options.endpoint),
                           readable_duration(reply->duration)));
}

}  // namespace bellhop::cli
