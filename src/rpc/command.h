// A command's declaration: everything the agent knows about it, in one constant.
#pragma once

#include <optional>
#include <string_view>
#include <type_traits>

#include "base/error.h"
#include "rpc/command_context.h"
#include "rpc/field.h"
#include "rpc/type.h"
#include "wire/reply.h"
#include "wire/value.h"

namespace bellhop {

// What kind of access to the guest a command takes, for policy and sandbox.
enum class Access {
  none,     // the protocol itself
  inspect,  // reads facts about the system
  read,     // reads the guest's files
  write,    // changes files, accounts or settings
  execute,  // runs programs
  power,    // stops, suspends or freezes the guest
};

// Where a command runs.
enum class Runs {
  inline_on_loop,  // it cannot block
  worker,          // on a worker thread: it may wait for a disk, a child, a lock
};

// When a command is answered though commands before it in the same session are not done.
enum class Priority {
  normal,
  expedited,  // promise 2: sync, ping, info, freeze status and thaw
};

// The facts of a command that its author writes down.
struct Facts {
  std::string_view name;           // wire name
  std::string_view documentation;  // first sentence is the summary
  std::string_view since;          // qemu-ga's version, or "bellhop 0.1"
  Access access = Access::inspect;
  Runs runs = Runs::worker;
  Priority priority = Priority::normal;
  bool served_while_frozen = false;
  bool has_success_response = true;  // false: success has no reply (guest-shutdown)
  bool delimits_reply = false;       // 0xFF before its success reply (guest-sync-delimited)
  bool resets_session = false;       // the client has given up on what it asked before
  bool log_as_debug = false;  // clients call it over and over: not logged at the default level
};

// A command: its facts, the types of its arguments and reply, and how to run it.
struct Command {
  Facts facts;
  const Type* arguments;
  const Type* reply;
  // Decodes the arguments, runs the handler and writes the reply. After an error nothing has been
  // written. Nothing is written either when the handler has parked the call; see CommandContext.
  Result<void> (*invoke)(const Command& self, CommandContext& context,
                         std::optional<wire::Value> arguments, wire::SuccessReply& reply);
};

namespace detail {

template <class Signature>
struct HandlerTraits;
template <class R, class A>
struct HandlerTraits<Result<R> (*)(CommandContext&, const A&)> {
  using Reply = std::conditional_t<std::is_void_v<R>, Nothing, R>;
  using Arguments = A;
};

template <class Signature>
inline constexpr bool is_handler = false;
template <class R, class A>
inline constexpr bool is_handler<Result<R> (*)(CommandContext&, const A&)> = Struct<A>;

template <auto Handler>
Result<void> invoke(const Command&, CommandContext& context, std::optional<wire::Value> arguments,
                    wire::SuccessReply& reply) {
  using Traits = HandlerTraits<decltype(Handler)>;
  auto decoded = decode_arguments<typename Traits::Arguments>(arguments);
  if (!decoded) return std::unexpected(std::move(decoded).error());
  return context.answer(Handler(context, *decoded), reply);
}

}  // namespace detail

// Declares a command whose handler is `Result<Reply> run(CommandContext&, const Arguments&)`:
//
//   constinit const Command guest_ping = declare<run>({.name = "guest-ping", …});
//
// The constant is named after the file and the wire name, with '_' for '-'. Both are checked: the
// generated registry refers to it by the file's name, and a test compares name and wire name.
template <auto Handler>
consteval Command declare(Facts facts) {
  static_assert(
      detail::is_handler<decltype(Handler)>,
      "declare<run>: the handler must be `Result<Reply> run(CommandContext&, const Arguments&)`, "
      "where Arguments has fields_of()");
  using Traits = detail::HandlerTraits<decltype(Handler)>;
  static_assert(OnWire<typename Traits::Reply>,
                "declare<run>: the reply's type has no form on the wire; see rpc/field.h");
  return Command{facts, &WireType<typename Traits::Arguments>::type,
                 &WireType<typename Traits::Reply>::type, &detail::invoke<Handler>};
}

}  // namespace bellhop
