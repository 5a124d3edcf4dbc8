// SPDX-License-Identifier: Apache-2.0
// A command's declaration: one constant that contains all facts about the command.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>
#include <type_traits>

#include "base/error.h"
#include "base/systems.h"
#include "rpc/command_context.h"
#include "rpc/field.h"
#include "rpc/type.h"
#include "wire/reply.h"
#include "wire/value.h"

namespace bellhop {

// What access to the guest a command requires, for policy and sandbox.
enum class Access {
  none,     // protocol only
  inspect,  // reads facts about the guest
  read,     // reads files
  write,    // changes files, accounts or settings
  execute,  // runs programs
  power,    // stops, suspends or freezes the guest
};

// Where a command runs.
enum class Runs {
  inline_on_loop,  // does not block
  worker,          // on a worker thread: may wait for a disk, a child process or a lock
};

// Whether a request may overtake older requests of the same session.
enum class Priority {
  normal,
  expedited,  // never waits: sync, ping, info, freeze status and thaw
};

// The facts of a command that its source file states.
struct Facts {
  std::string_view name;           // wire name
  std::string_view documentation;  // first sentence is the summary
  std::string_view since;          // qemu-ga's version, or "bellhop 0.1"
  Systems systems = Systems::all;  // on which it exists
  Access access = Access::inspect;
  // The guest-* commands whose work this one can do. An administrator who blocks one of them blocks
  // this one too.
  std::array<std::string_view, 2> stands_in_for = {};
  Runs runs = Runs::worker;
  Priority priority = Priority::normal;
  bool served_while_frozen = false;
  bool has_success_response = true;  // false: no reply on success (guest-shutdown)
  bool delimits_reply = false;       // 0xFF before its success reply (guest-sync-delimited)
  bool resets_session = false;       // drops the replies to older requests (guest-sync)
  // How many of its arguments, from the first, its log lines contain. Secrets come after these.
  std::size_t logged_arguments = 1;
  bool error_has_secrets = false;  // its errors quote arguments that must not be in a log
  bool log_as_debug = false;  // clients poll it: its calls are logged at debug level, not at info
};

// A command: its facts, the types of its arguments and reply, and how to run it.
struct Command {
  Facts facts;
  const Type* arguments;
  const Type* reply;
  // Decodes the arguments, runs the handler and writes the reply. Writes nothing on error, or if
  // the handler has parked the call; see CommandContext.
  Result<void> (*invoke)(const Command& self, CommandContext& context,
                         std::optional<wire::Value> arguments, wire::SuccessReply& reply);
};

namespace detail {

template <class Signature>
struct HandlerTraits;
template <class R, Struct A>
struct HandlerTraits<Result<R> (*)(CommandContext&, const A&)> {
  using Reply = std::conditional_t<std::is_void_v<R>, Nothing, R>;
  using Arguments = A;
};

template <auto Handler>
Result<void> invoke(const Command&, CommandContext& context, std::optional<wire::Value> arguments,
                    wire::SuccessReply& reply) {
  using Traits = HandlerTraits<decltype(Handler)>;
  TRY_ASSIGN(auto decoded, decode_arguments<typename Traits::Arguments>(arguments));
  return context.answer(Handler(context, decoded), reply);
}

}  // namespace detail

// Declares a command whose handler is `Result<Reply> run(CommandContext&, const Arguments&)`:
//
//   constinit const Command guest_ping = declare<run>({.name = "guest-ping", …});
//
// The constant has the name of the file, which is the wire name with '_' for '-'. Both are checked:
// the generated registry refers to the constant by the file's name, and a test compares the names.
template <auto Handler>
consteval Command declare(Facts facts) {
  static_assert(
      requires { typename detail::HandlerTraits<decltype(Handler)>::Arguments; },
      "declare<run>: the handler must be `Result<Reply> run(CommandContext&, const Arguments&)`, "
      "where Arguments has fields_of()");
  using Traits = detail::HandlerTraits<decltype(Handler)>;
  static_assert(OnWire<typename Traits::Reply>,
                "declare<run>: the reply's type has no form on the wire; see rpc/field.h");
  return Command{facts, &WireType<typename Traits::Arguments>::type,
                 &WireType<typename Traits::Reply>::type, &detail::invoke<Handler>};
}

}  // namespace bellhop
