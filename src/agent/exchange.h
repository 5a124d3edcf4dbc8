// One request and its reply.
#pragma once

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "rpc/command.h"
#include "wire/request.h"
#include "wire/value.h"

namespace bellhop::agent {

// The bytes of a reply on their way from the thread that writes them to the loop that sends them.
// A large reply passes through in pieces, so that memory does not grow with it.
class ReplyPipe {
 public:
  // The writer's side: hands over `bytes`, leaves them empty and waits until the loop has taken
  // them. False when nobody wants the reply any more.
  bool write(std::string& bytes);
  // The writer's side: the rest of the reply.
  void finish(std::string bytes);

  // The loop's side: appends what has been written to `out`. True when that was the end.
  bool read(std::string& out);
  // The loop's side: nobody wants the reply any more; the writer goes on without waiting.
  void cancel();

 private:
  std::mutex mutex_;
  std::condition_variable read_;
  std::string bytes_;
  bool finished_ = false;
  bool cancelled_ = false;
};

// A request from its arrival until its reply is sent. Used on the loop; while it runs on a worker,
// the worker reads `request` and `command`, uses `context` and writes `reply`.
struct Exchange {
  enum class State {
    waiting,  // for its turn
    running,  // on a worker
    parked,   // waits on the loop; see CommandContext::wait()
    finished,
  };

  // Ends the exchange with a reply that is written.
  void finish(std::string whole_reply);
  // Ends it with an error; `id` is echoed when there is one.
  void finish(const Error& error, std::optional<wire::Value> id);

  std::optional<wire::Document> document;  // what `request` points into; none for a parse error
  wire::Request request;
  const Command* command = nullptr;  // nullptr: there is no such command
  std::chrono::steady_clock::time_point arrival;
  std::size_t bytes = 0;  // of input, roughly
  State state = State::waiting;
  bool out_of_order = false;  // runs though exchanges before it are not done
  bool partly_sent = false;
  std::unique_ptr<CommandContext> context;  // once it runs
  ReplyPipe reply;
};

}  // namespace bellhop::agent
