#include "agent/dispatch.h"

#include <utility>

#include "agent/log.h"
#include "agent/policy.h"
#include "state/freeze.h"
#include "wire/reply.h"

namespace bellhop::agent {

Dispatcher::Dispatcher(Agent& agent) : agent_(agent) {
  by_name_.reserve(agent.commands.size());
  for (const Command* command : agent.commands) by_name_.emplace(command->facts.name, command);
}

const Command* Dispatcher::find(std::string_view name) const {
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? nullptr : found->second;
}

Result<const Command*> Dispatcher::admit(const wire::Request& request) const {
  const Command* command = find(request.execute);
  if (!command) {
    return std::unexpected(
        Error{ErrorCode::command_not_found,
              fmt::format("The command {} has not been found", request.execute)});
  }
  const bool frozen_out = agent_.freeze.is_frozen() && !command->facts.served_while_frozen;
  if (frozen_out || !agent_.policy.allows(request.execute)) {
    return std::unexpected(Error{
        ErrorCode::command_disabled,
        fmt::format("Command {} has been disabled: the command is not allowed", request.execute)});
  }
  return command;
}

bool Dispatcher::execute(const Command& command, const wire::Request& request, std::string& out,
                         wire::JsonWriter::Drain drain) const {
  if (command.facts.polled) {
    agent_.log.debug("{} called", command.facts.name);
  } else {
    agent_.log.info("{} called", command.facts.name);
  }
  const std::size_t before = out.size();
  wire::SuccessReply reply(out, std::move(drain), command.facts.delimits_reply);
  const Result<void> result = command.invoke(agent_, request.arguments, reply);
  if (!result) {
    agent_.log.info("{} failed: {}", command.facts.name, result.error().message);
    wire::append_error_reply(out, result.error(), request.id);
    return false;
  }
  reply.finish(request.id);
  if (!command.facts.answers_success) out.resize(before);
  return true;
}

}  // namespace bellhop::agent
