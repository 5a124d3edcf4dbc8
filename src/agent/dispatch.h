// SPDX-License-Identifier: Apache-2.0
// Finds the command of a request and runs it.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

#include "agent/call_log.h"
#include "agent/services.h"
#include "base/error.h"
#include "rpc/command.h"
#include "wire/request.h"

namespace bellhop::agent {

// Finds commands, admits calls and runs them. Thread-safe.
class Dispatcher {
 public:
  // `services` must outlive the dispatcher. find() searches `services.commands`.
  explicit Dispatcher(Services& services);

  // Returns the command of that name, admitted or not; nullptr if there is none.
  const Command* find(std::string_view name) const;

  // Succeeds if `command`, which the request calls `name`, may run now. nullptr is an error: the
  // command does not exist.
  Result<void> admit(const Command* command, std::string_view name) const;

  enum class Outcome { succeeded, failed, parked };

  // Runs `command` on the calling thread and appends its reply, success or error, to `out`. Large
  // replies go through `drain` in pieces. A parked call has written nothing; resume() continues it.
  Outcome execute(const Command& command, const wire::Request& request, CommandContext& context,
                  std::string& out, wire::JsonWriter::Drain drain = {}) const;
  Outcome resume(const Command& command, const wire::Request& request, CommandContext& context,
                 WaitEnd end, std::string& out) const;

  Services& services() const { return services_; }
  CallLog& call_log() const { return call_log_; }
  // Returns a new number for Caller::session.
  std::uint64_t new_session_number() const { return ++sessions_; }

 private:
  template <class Run>
  Outcome write_reply(const Command& command, const wire::Request& request, CommandContext& context,
                      std::string& out, wire::JsonWriter::Drain drain, Run run) const;

  Services& services_;
  mutable CallLog call_log_;
  std::unordered_map<std::string_view, const Command*> by_name_;
  mutable std::atomic<std::uint64_t> sessions_ = 0;
};

}  // namespace bellhop::agent
