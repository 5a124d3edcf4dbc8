// SPDX-License-Identifier: Apache-2.0
// One request and its reply.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "base/mutex.h"
#include "rpc/command.h"
#include "wire/request.h"
#include "wire/value.h"

namespace bellhop::agent {

// Passes a reply from the thread that writes it to the loop that sends it. A large reply passes in
// pieces, so that memory use does not grow with it. Thread-safe.
class ReplyPipe {
 public:
  // Writer: blocks until the loop has read the previous piece, then moves `bytes` into the pipe and
  // leaves them empty. Returns false, and drops `bytes`, after cancel().
  bool write(std::string& bytes);
  // Writer: appends the end of the reply. Does not block.
  void finish(std::string bytes);

  // Loop: moves the content of the pipe to the end of `out`. Returns true at the end of the reply.
  bool read(std::string& out);
  // Loop: the reply is not needed. The writer continues without blocking. Returns true if it has
  // not finished.
  bool cancel();

 private:
  Mutex mutex_;
  ConditionVariable read_;
  std::string bytes_ GUARDED_BY(mutex_);
  bool finished_ GUARDED_BY(mutex_) = false;
  bool cancelled_ GUARDED_BY(mutex_) = false;
};

// A request from its arrival until its reply is delivered. Used on the loop's thread; while the
// request runs on a worker, the worker reads `request` and `command`, uses `context` and writes
// `reply`.
struct Exchange {
  enum class State {
    waiting,  // not begun
    running,  // on a worker
    parked,   // waits on the loop; see CommandContext::wait()
    finished,
  };

  // Ends the exchange with a complete reply.
  void finish(std::string whole_reply);
  // Ends the exchange with an error reply, which echoes `id` if there is one.
  void finish(const Error& error, std::optional<wire::Value> id);

  std::optional<wire::Document> document;  // `request` refers to it; none after a parse error
  wire::Request request;
  const Command* command = nullptr;  // nullptr: there is no such command
  std::chrono::steady_clock::time_point arrival;
  std::size_t bytes = 0;  // of input, approximately
  State state = State::waiting;
  bool out_of_order = false;  // runs before older exchanges are finished
  bool partly_sent = false;
  std::unique_ptr<CommandContext> context;  // set when the call begins
  ReplyPipe reply;
};

}  // namespace bellhop::agent
