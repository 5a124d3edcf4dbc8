// SPDX-License-Identifier: Apache-2.0
#include "agent/dispatch.h"

#include <utility>

#include "agent/admission.h"
#include "config/settings.h"
#include "wire/reply.h"

namespace bellhop::agent {

Dispatcher::Dispatcher(Services& services)
    : services_(services), call_log_(services.log, services.settings.log.exec_arguments) {
  by_name_.reserve(services.commands.size());
  for (const Command* command : services.commands) by_name_.emplace(command->facts.name, command);
}

const Command* Dispatcher::find(std::string_view name) const {
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? nullptr : found->second;
}

Result<void> Dispatcher::admit(const Command* command, std::string_view name) const {
  if (!command) {
    return std::unexpected(Error{ErrorCode::command_not_found,
                                 fmt::format("The command {} has not been found", name)});
  }
  const Admission result = admission(services_, command->facts);
  if (result == Admission::admitted) return {};
  return std::unexpected(
      Error{ErrorCode::command_disabled,
            fmt::format("Command {} has been disabled: {}", name, reason(result))});
}

Dispatcher::Outcome Dispatcher::execute(const Command& command, const wire::Request& request,
                                        CommandContext& context, std::string& out,
                                        wire::JsonWriter::Drain drain) const {
  if (!command.facts.has_success_response) {
    call_log_.write(&command, request, context, CallResult::begun);
  }
  return write_reply(command, request, context, out, std::move(drain),
                     [&](wire::SuccessReply& reply) {
                       return command.invoke(command, context, request.arguments, reply);
                     });
}

Dispatcher::Outcome Dispatcher::resume(const Command& command, const wire::Request& request,
                                       CommandContext& context, WaitEnd end,
                                       std::string& out) const {
  return write_reply(command, request, context, out, {},
                     [&](wire::SuccessReply& reply) { return context.resume(end, reply); });
}

template <class Run>
Dispatcher::Outcome Dispatcher::write_reply(const Command& command, const wire::Request& request,
                                            CommandContext& context, std::string& out,
                                            wire::JsonWriter::Drain drain, Run run) const {
  const std::size_t before = out.size();
  wire::SuccessReply reply(out, std::move(drain), command.facts.delimits_reply);
  const Result<void> result = run(reply);
  if (context.is_parked()) return Outcome::parked;
  if (!result) {
    call_log_.write(&command, request, context, CallResult::failed, result.error().message);
    wire::append_error_reply(out, result.error(), request.id);
    return Outcome::failed;
  }
  call_log_.write(&command, request, context, CallResult::succeeded);
  reply.finish(request.id);
  if (!command.facts.has_success_response) out.resize(before);
  return Outcome::succeeded;
}

}  // namespace bellhop::agent
