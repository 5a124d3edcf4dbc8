// From a request to a command, and from the command to its reply.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>

#include "agent/services.h"
#include "base/error.h"
#include "rpc/command.h"
#include "wire/request.h"

namespace bellhop::agent {

// Finds commands, says whether they may run now, and runs them. Safe to use from any thread.
class Dispatcher {
 public:
  // `services` must outlive the dispatcher; its commands are those that are found.
  explicit Dispatcher(Services& services);

  // The command that a request names, when it exists and may run now.
  Result<const Command*> admit(const wire::Request& request) const;

  // The command of that name, whether it may run or not; nullptr when there is none.
  const Command* find(std::string_view name) const;

  // What came of a command, beside its reply.
  struct Outcome {
    bool succeeded;
    OnDelivered on_delivered;
  };

  // Runs `command` on this thread and appends its reply, success or error, to `out`. Large replies
  // go through `drain` in pieces.
  Outcome execute(const Command& command, const wire::Request& request, std::string& out,
                  wire::JsonWriter::Drain drain = {}) const;

 private:
  void log_call(const Command& command, const wire::Request& request) const;

  Services& services_;
  std::unordered_map<std::string_view, const Command*> by_name_;
};

}  // namespace bellhop::agent
