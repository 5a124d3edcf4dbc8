// From a request to a command, and from the command to its reply.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

#include "agent/services.h"
#include "base/error.h"
#include "rpc/command.h"
#include "wire/request.h"

namespace bellhop::agent {

// Finds commands, admits calls and runs them. Thread-safe.
class Dispatcher {
 public:
  // `services` must outlive the dispatcher; its commands are those that are found.
  explicit Dispatcher(Services& services);

  // The command of that name, admitted or not. nullptr if there is none.
  const Command* find(std::string_view name) const;

  // Whether `command`, which the request named `name`, may run now. nullptr is an error: there is
  // no such command.
  Result<void> admit(const Command* command, std::string_view name) const;

  enum class Outcome { succeeded, failed, parked };

  // Runs `command` on this thread and appends its reply, success or error, to `out`. Large replies
  // go through `drain` in pieces. A parked call has written nothing; resume() continues it.
  Outcome execute(const Command& command, const wire::Request& request, CommandContext& context,
                  std::string& out, wire::JsonWriter::Drain drain = {}) const;
  Outcome resume(const Command& command, const wire::Request& request, CommandContext& context,
                 WaitEnd end, std::string& out) const;

  Services& services() const { return services_; }
  // Numbers clients, for Caller::session.
  std::uint64_t new_session_number() const { return ++sessions_; }

 private:
  template <class Run>
  Outcome write_reply(const Command& command, const wire::Request& request, CommandContext& context,
                      std::string& out, wire::JsonWriter::Drain drain, Run run) const;
  void log_call(const Command& command, const wire::Request& request) const;

  Services& services_;
  std::unordered_map<std::string_view, const Command*> by_name_;
  mutable std::atomic<std::uint64_t> sessions_ = 0;
};

}  // namespace bellhop::agent
