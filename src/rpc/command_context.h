// SPDX-License-Identifier: Apache-2.0
// One call of a command, as its handler sees it.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>
#include <type_traits>
#include <utility>

#include "base/error.h"
#include "rpc/field.h"
#include "wire/reply.h"

namespace bellhop {

struct Services;

// Where a request came from.
struct Caller {
  std::string channel = {};  // "unix-listen /run/agent.sock"
  std::string peer = {};  // "pid 4711, uid 0", "cid 2"; empty when the channel does not report it
  std::uint64_t session = 0;  // identifies the client; unique in this process

  // "unix-listen /run/agent.sock (pid 4711, uid 0)"
  std::string name() const { return peer.empty() ? channel : channel + " (" + peer + ")"; }
};

// Why the wait of a parked call ended.
enum class WaitEnd {
  deadline,
  woken,        // by the call's waker
  interrupted,  // another request or a live upgrade waits: answer now
};

// Runs on the loop once the reply has been written to the channel. Not run if the client
// disconnected or resynchronised before. Must not block.
using OnDelivered = std::function<void()>;

// The parameter of every handler. It lives until the call is answered or dropped, and so does the
// text that the arguments refer to. The arguments struct itself lives only until the handler
// returns. `services`, `caller`, `started` and cancelled() are thread-safe; use the other members
// only on the thread that runs the handler.
class CommandContext {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  // Both must outlive the context.
  CommandContext(Services& process_services, const Caller& request_caller)
      : services(process_services), caller(request_caller) {}
  virtual ~CommandContext() = default;
  CommandContext(const CommandContext&) = delete;
  CommandContext& operator=(const CommandContext&) = delete;

  Services& services;
  const Caller& caller;
  const TimePoint started = std::chrono::steady_clock::now();  // of the call

  // Stop is requested when the client disconnects or resynchronises: no client will read the reply.
  std::stop_token cancelled() const { return cancellation_.get_token(); }

  void on_delivered(OnDelivered function) { on_delivered_ = std::move(function); }

  // Parks the call: it occupies no thread and no worker. For handlers that run on the loop:
  //
  //   return context.wait(deadline, [&context](WaitEnd end) -> Result<Reply> { … });
  //
  // `resume` runs on the loop at `until`, or earlier when the waker is called or the client sends
  // another request, and returns the reply. It may park the call again. It does not run if the
  // call is cancelled.
  template <class Resume>
  std::invoke_result_t<Resume, WaitEnd> wait(TimePoint until, Resume resume) {
    parked_ = Parked{.until = until,
                     .resume = [this, resume = std::move(resume)](
                                   WaitEnd end, wire::SuccessReply& reply) mutable {
                       return answer(resume(end), reply);
                     }};
    return failure("the call waits");  // discarded by answer(): a parked call has no reply yet
  }

  // Returns a function that ends the wait of this call. The function is thread-safe and may be
  // called at any time, also after the end of the call.
  virtual std::function<void()> waker() {
    return [] {};
  }

  // For the session that runs the call:

  // Writes what a handler has returned, unless the call is parked.
  template <class T>
  Result<void> answer(Result<T> result, wire::SuccessReply& reply) {
    if (is_parked()) return {};
    if (!result) return std::unexpected(std::move(result).error());
    wire::JsonWriter& writer = reply.begin();
    if constexpr (std::is_void_v<T>) {
      WireType<Nothing>::encode(writer, {});
    } else {
      WireType<T>::encode(writer, *result);
    }
    return {};
  }

  bool is_parked() const { return parked_.resume != nullptr; }
  TimePoint parked_until() const { return parked_.until; }
  // Continues a parked call. Afterwards it is answered, or parked again.
  Result<void> resume(WaitEnd end, wire::SuccessReply& reply) {
    return std::exchange(parked_, {}).resume(end, reply);
  }

  void cancel() { cancellation_.request_stop(); }
  void delivered() {
    if (on_delivered_) std::exchange(on_delivered_, nullptr)();
  }

 private:
  struct Parked {
    TimePoint until = {};
    std::function<Result<void>(WaitEnd, wire::SuccessReply&)> resume = nullptr;
  };

  std::stop_source cancellation_;
  OnDelivered on_delivered_;
  Parked parked_;
};

}  // namespace bellhop
