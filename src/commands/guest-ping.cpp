#include "agent/agent.h"
#include "command/command.h"

namespace bellhop::commands {
namespace {

Result<void> run(Agent&, const Nothing&) {
  return {};
}

}  // namespace

extern constinit const Command guest_ping = declare<run>({
    .name = "guest-ping",
    .documentation = "Answers, which shows that the agent is alive.",
    .since = "0.15.0",
    .access = Access::none,
    .runs = Runs::at_once,
    .urgency = Urgency::never_waits,
    .served_while_frozen = true,
    .polled = true,
});

}  // namespace bellhop::commands
