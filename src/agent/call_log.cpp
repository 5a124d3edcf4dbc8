// SPDX-License-Identifier: Apache-2.0
#include "agent/call_log.h"

#include <fmt/format.h>

#include <chrono>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/text.h"
#include "wire/json_writer.h"

namespace bellhop::agent {
namespace {

// Limits of what a client can add to a line, in bytes.
constexpr std::size_t max_name = 200;
constexpr std::size_t max_text = 4096;  // of a text argument: the longest path
constexpr std::size_t max_list = 200;   // of any other argument
constexpr std::size_t max_reason = 1024;

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

std::string_view name_of(CallResult result) {
  switch (result) {
    case CallResult::begun:
      return "begun";
    case CallResult::succeeded:
      return "succeeded";
    case CallResult::failed:
      return "failed";
    case CallResult::refused:
      return "refused";
    case CallResult::abandoned:
      return "abandoned";
  }
  return "";
}

// Cuts text at a character, after at most `limit` bytes.
std::string shortened(std::string_view text, std::size_t limit) {
  if (text.size() <= limit) return std::string(text);
  while (limit > 0 && (static_cast<unsigned char>(text[limit]) & 0xC0) == 0x80) --limit;
  return fmt::format("{}…", text.substr(0, limit));
}

// Strings are quoted, so that an argument cannot look like the rest of the line, and escaped here,
// so that `limit` counts the bytes of the log.
void append_scalar(std::string& text, wire::Value value, std::size_t limit) {
  if (!value.is(wire::Kind::string)) return wire::JsonWriter(text).value(value);
  std::string quoted = "\"";
  for (const char c : value.string().substr(0, limit)) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  text::append_escaped(text, quoted + '"');
}

std::string argument_text(wire::Value value) {
  const std::size_t limit = value.is(wire::Kind::string) ? max_text : max_list;
  std::string text;
  if (value.is(wire::Kind::array)) {
    value.each_element([&](wire::Value element) {
      text += text.empty() ? "[" : ", ";
      append_scalar(text, element, limit);
      return text.size() <= limit;
    });
    text += text.empty() ? "[]" : "]";
  } else {
    append_scalar(text, value, limit);
  }
  return shortened(text, limit);
}

}  // namespace

// Without a command, its name is not in the text: it could look like the start of another line.
std::string CallLog::describe(const Command* command, const wire::Request& request,
                              const Caller& caller) const {
  std::string text = command                   ? fmt::format("{} called", command->facts.name)
                     : request.execute.empty() ? "invalid request"
                                               : "unknown command called";
  fmt::format_to(std::back_inserter(text), " on {}", caller.name());
  if (!command || !request.arguments) return text;
  const bool program_only = !exec_arguments_ && command->facts.access == Access::execute;
  std::size_t count = program_only ? 1 : command->facts.logged_arguments;
  for (const FieldInfo& field : command->arguments->fields) {
    if (count-- == 0) break;
    const std::optional<wire::Value> value = request.arguments->find(field.name);
    if (value) text += fmt::format(", {}: {}", field.name, argument_text(*value));
  }
  return text;
}

void CallLog::write(const Command* command, const wire::Request& request,
                    const CommandContext& context, CallResult result, std::string_view reason) {
  const auto now = std::chrono::steady_clock::now();
  const bool refused = result == CallResult::refused;
  const bool ok = result == CallResult::begun || result == CallResult::succeeded;
  const bool secret = command && !refused && !ok && command->facts.error_has_secrets;
  const std::string error = secret ? "the client has the reason" : shortened(reason, max_reason);
  bool audited = command && !refused && is_audited(command->facts);
  std::uint64_t suppressed = 0;
  if (!ok && !audited) {
    const auto admitted = limiter_.admit(
        refused ? error : fmt::format("{} {}", command->facts.name, name_of(result)), now);
    audited = admitted.has_value();
    suppressed = admitted.value_or(0);
  }
  const bool polled = command && command->facts.log_as_debug;
  const Log::Level level = !ok && audited ? Log::Level::warning
                           : polled       ? Log::Level::debug
                                          : Log::Level::info;
  if (!audited && !log_.writes(level)) return;

  const std::string name = shortened(request.execute, max_name);
  std::vector<Log::Field> fields{{"COMMAND", name}, {"CHANNEL", context.caller.channel}};
  if (!context.caller.peer.empty()) fields.push_back({"PEER", context.caller.peer});
  fields.push_back({"RESULT", name_of(result)});
  std::string text =
      fmt::format("{}: {}", describe(command, request, context.caller), name_of(result));
  std::string duration;
  if (!refused && result != CallResult::begun) {
    using Milliseconds = std::chrono::duration<double, std::milli>;
    duration = fmt::format("{:.3f}", Milliseconds(now - context.started).count());
    fields.push_back({"DURATION", duration});
    text += fmt::format(" after {} ms", duration);
  }
  if (!error.empty()) text += fmt::format(": {}", error);
  if (suppressed > 0) text += fmt::format(" ({} more like this were not logged)", suppressed);
  if (audited) return log_.audit(level, text, fields);
  log_.write(level, text, fields);
}

}  // namespace bellhop::agent
