// SPDX-License-Identifier: Apache-2.0
// Requests of the operating system to the agent: to stop, and to replace its program.
#pragma once

#include <asio/io_context.hpp>
#include <functional>
#include <memory>
#include <string_view>

#include "base/error.h"
#include "platform/io/handle.h"

namespace bellhop::platform {

// Delivers requests on the loop. On Linux these are signals: SIGINT and SIGTERM stop the agent,
// SIGUSR2 and the signal of request_upgrade() replace its program. One per process. Used on the
// loop's thread; all other threads block these signals, see platform/process/threads.h.
class LifecycleRequests {
 public:
  struct Callbacks {
    std::function<void(std::string_view cause)> stop;  // `cause` is for the log
    // `requester` is for report_upgrade(); empty if no process waits for the result.
    std::function<void(Handle requester)> upgrade;
  };

  // `loop` must outlive this object.
  explicit LifecycleRequests(asio::io_context& loop);
  ~LifecycleRequests();
  LifecycleRequests(const LifecycleRequests&) = delete;
  LifecycleRequests& operator=(const LifecycleRequests&) = delete;

  // Keeps requests to upgrade pending until start(); the default action would end the process.
  // Call it before anything else in main().
  static void hold_until_start();

  // Starts to deliver requests; pending ones come first. A request that is not delivered yet stays
  // pending across exec_in_place(), for the next program of this process. Also makes writing to a
  // client that has disconnected return an error instead of ending the process.
  Result<void> start(Callbacks callbacks);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace bellhop::platform
