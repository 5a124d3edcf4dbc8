#include "agent/dispatch.h"

#include <utility>

#include "agent/admission.h"
#include "agent/log.h"
#include "wire/reply.h"

namespace bellhop::agent {
namespace {

// True if calls are logged for the guest's administrator, as qemu-ga logs them to syslog.
bool is_audited(const Facts& facts) {
  if (facts.log_as_debug) return false;
  switch (facts.access) {
    case Access::none:
    case Access::inspect:
      return false;
    case Access::read:
    case Access::write:
    case Access::execute:
    case Access::power:
      return true;
  }
  return true;
}

// The first argument, on which the command acts: ", path: /etc/fstab".
std::string subject(const Command& command, const wire::Request& request) {
  if (!request.arguments || command.arguments->fields.empty()) return {};
  const std::string_view name = command.arguments->fields.front().name;
  const std::optional<wire::Value> value = request.arguments->find(name);
  if (!value) return {};
  if (value->is(wire::Kind::string)) return fmt::format(", {}: {}", name, value->string());
  if (value->is(wire::Kind::integer)) return fmt::format(", {}: {}", name, value->integer());
  return {};
}

}  // namespace

Dispatcher::Dispatcher(Services& services) : services_(services) {
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
  const std::string_view reason = result == Admission::frozen
                                      ? "the command is not allowed while filesystems are frozen"
                                      : "the command is not allowed";
  return std::unexpected(Error{ErrorCode::command_disabled,
                               fmt::format("Command {} has been disabled: {}", name, reason)});
}

void Dispatcher::log_call(const Command& command, const wire::Request& request) const {
  const std::string_view name = command.facts.name;
  const Log::Field fields[] = {{"COMMAND", name}};
  if (is_audited(command.facts)) {
    services_.log.audit(Log::Level::info, fmt::format("{} called{}", name, subject(command, request)),
                        fields);
    return;
  }
  const Log::Level level = command.facts.log_as_debug ? Log::Level::debug : Log::Level::info;
  if (services_.log.writes(level))
    services_.log.write(level, fmt::format("{} called", name), fields);
}

Dispatcher::Outcome Dispatcher::execute(const Command& command, const wire::Request& request,
                                        CommandContext& context, std::string& out,
                                        wire::JsonWriter::Drain drain) const {
  log_call(command, request);
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
    const Log::Field fields[] = {{"COMMAND", command.facts.name}};
    services_.log.write(Log::Level::info,
                        fmt::format("{} failed: {}", command.facts.name, result.error().message),
                        fields);
    wire::append_error_reply(out, result.error(), request.id);
    return Outcome::failed;
  }
  reply.finish(request.id);
  if (!command.facts.has_success_response) out.resize(before);
  return Outcome::succeeded;
}

}  // namespace bellhop::agent
