// SPDX-License-Identifier: Apache-2.0
#include "agent/admission.h"
#include "agent/services.h"
#include "base/version.h"
#include "rpc/command.h"

namespace bellhop::commands {
namespace {

// Clients compare whole entries: do not add members.
struct CommandInfo {
  std::string name;
  bool enabled;
  bool success_response;
};

constexpr auto fields_of(const CommandInfo*) {
  return fields<"GuestAgentCommandInfo">(
      field<"name", &CommandInfo::name>("The command's name."),
      field<"enabled", &CommandInfo::enabled>(
          "True if the command may be called now: the guest's administrator allows it, and "
          "either no filesystems are frozen or the command is served while they are."),
      field<"success-response", &CommandInfo::success_response>(
          "True if success has a reply; errors always have one."));
}

struct Reply {
  std::string version;
  std::vector<CommandInfo> supported_commands;
};

constexpr auto fields_of(const Reply*) {
  return fields<"GuestAgentInfo">(
      field<"version", &Reply::version>(
          "The version of qemu-ga whose protocol the agent implements; bellhop-info returns the "
          "agent's own version."),
      field<"supported_commands", &Reply::supported_commands>("All commands that exist here."));
}

Result<Reply> run(CommandContext& context, const Nothing&) {
  Reply reply{.version = std::string(protocol_version)};
  for (const Command* command : context.services.commands) {
    const Facts& facts = command->facts;
    reply.supported_commands.push_back({
        .name = std::string(facts.name),
        .enabled = agent::admission(context.services, facts) == agent::Admission::admitted,
        .success_response = facts.has_success_response,
    });
  }
  return reply;
}

}  // namespace

extern constinit const Command guest_info = declare<run>({
    .name = "guest-info",
    .documentation = "Returns the agent's version and the commands that it supports.",
    .since = "0.15.0",
    .access = Access::none,
    .runs = Runs::inline_on_loop,
    .priority = Priority::expedited,
    .served_while_frozen = true,
    .log_as_debug = true,
});

}  // namespace bellhop::commands
