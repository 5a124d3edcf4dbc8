// A command's declaration: everything the agent knows about it, in one constant.
#pragma once

#include <functional>
#include <optional>
#include <string_view>
#include <type_traits>

#include "base/error.h"
#include "rpc/decode.h"
#include "rpc/encode.h"
#include "rpc/type.h"
#include "wire/reply.h"
#include "wire/value.h"

namespace bellhop {

struct Services;

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

// A reply that has a member `OnDelivered on_delivered` is told when it is safe with the client's
// channel; not called when the client left or gave up on it before. Called on the loop: must not
// block. May be empty.
using OnDelivered = std::function<void()>;

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
  // Decodes the arguments, runs the handler and writes the reply; an error means that nothing
  // was written. What is returned is to be called once the client has taken the reply.
  Result<OnDelivered> (*invoke)(Services&, std::optional<wire::Value> arguments,
                                wire::SuccessReply& reply);
};

namespace detail {

template <class Signature>
struct HandlerTraits;
template <class R, class A>
struct HandlerTraits<Result<R> (*)(Services&, const A&)> {
  using Reply = std::conditional_t<std::is_void_v<R>, Nothing, R>;
  using Arguments = A;
};

template <class Signature>
inline constexpr bool is_handler = false;
template <class R, class A>
inline constexpr bool is_handler<Result<R> (*)(Services&, const A&)> = Struct<A>;

template <auto Handler>
Result<OnDelivered> invoke(Services& services, std::optional<wire::Value> arguments,
                           wire::SuccessReply& reply) {
  using Traits = HandlerTraits<decltype(Handler)>;
  auto decoded = decode_arguments<typename Traits::Arguments>(arguments);
  if (!decoded) return std::unexpected(std::move(decoded).error());
  auto result = Handler(services, *decoded);
  if (!result) return std::unexpected(std::move(result).error());
  wire::JsonWriter& writer = reply.begin();
  if constexpr (std::is_void_v<typename decltype(result)::value_type>) {
    encode(writer, Nothing{});
  } else {
    encode(writer, *result);
    if constexpr (requires { result->on_delivered; }) return std::move(result->on_delivered);
  }
  return OnDelivered();
}

}  // namespace detail

// Declares a command whose handler is `Result<Reply> run(Services&, const Arguments&)`:
//
//   constinit const Command guest_ping = declare<run>({.name = "guest-ping", …});
//
// The constant is named after the file and the wire name, with '_' for '-'. Both are checked: the
// generated registry refers to it by the file's name, and a test compares name and wire name.
template <auto Handler>
consteval Command declare(Facts facts) {
  static_assert(
      detail::is_handler<decltype(Handler)>,
      "declare<run>: the handler must be `Result<Reply> run(Services&, const Arguments&)`, "
      "where Arguments has fields()");
  using Traits = detail::HandlerTraits<decltype(Handler)>;
  static_assert(detail::is_wire_type<typename Traits::Reply>(),
                "declare<run>: the reply's type has no form on the wire; see rpc/field.h");
  return Command{facts, &type_of<typename Traits::Arguments>, &type_of<typename Traits::Reply>,
                 &detail::invoke<Handler>};
}

}  // namespace bellhop
