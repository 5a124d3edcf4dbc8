// SPDX-License-Identifier: Apache-2.0
// Log lines about the calls of clients.
#pragma once

#include <string>
#include <string_view>

#include "agent/log.h"
#include "agent/log_limiter.h"
#include "rpc/command.h"
#include "wire/request.h"

namespace bellhop::agent {

enum class CallResult {
  begun,  // only for commands without a success response: the guest may stop before they return
  succeeded,
  failed,
  refused,    // the command does not run
  abandoned,  // no client waits for the reply any more; the command may still run
};

// Writes a line for each result of a call:
//
//   guest-file-open called on unix-listen /a (pid 7, uid 0), path: "/b": succeeded after 0.123 ms
//
// The fields are COMMAND, CHANNEL, PEER, RESULT and DURATION (milliseconds).
//
// Calls that read or change files, run programs or affect power are audited: their lines are
// written at every log level, as warnings if they fail or are abandoned. The lines of other calls
// are info, or debug for polled commands. If such a call fails or is abandoned, or if any call is
// refused, one line a minute for each command and result is a warning and written at every level.
//
// Thread-safe.
class CallLog {
 public:
  // `log` must outlive it. Without `exec_arguments`, lines do not contain the arguments of
  // programs.
  CallLog(Log& log, bool exec_arguments) : log_(log), exec_arguments_(exec_arguments) {}

  // `command` is nullptr if there is no command of that name, or no name. `reason` is the error.
  void write(const Command* command, const wire::Request& request, const CommandContext& context,
             CallResult result, std::string_view reason = {});

 private:
  std::string describe(const Command* command, const wire::Request& request,
                       const Caller& caller) const;

  Log& log_;
  const bool exec_arguments_;
  LogLimiter limiter_;
};

}  // namespace bellhop::agent
