// SPDX-License-Identifier: Apache-2.0
// The requests of one client, in order.
#pragma once

#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>
#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <string>

#include "agent/dispatch.h"
#include "agent/exchange.h"
#include "state/workers.h"

namespace bellhop::agent {

// Runs a client's requests one after the other, on the loop or on a worker, and delivers the
// replies in request order: it reports a change, and the server takes the replies with advance().
// Used on the loop's thread. Owned by std::shared_ptr: a worker keeps the session until its command
// ends, also after the client has left.
//
// An expedited request (Priority::expedited) overtakes older requests `overtake_timeout` after its
// arrival, so that it does not wait behind a stuck command. If it is a resynchronisation, older
// requests that have not begun are dropped, and so are the replies to those that run.
class ClientSession : public std::enable_shared_from_this<ClientSession> {
 public:
  static constexpr std::chrono::milliseconds overtake_timeout{500};

  // `loop`, `dispatcher` and `workers` must outlive the session. `on_change` is called on the loop,
  // until detach(), when advance() has something to do: a call has ended or has produced a piece of
  // its reply.
  ClientSession(asio::io_context& loop, const Dispatcher& dispatcher, state::Workers& workers,
                std::function<void()> on_change, Caller caller);

  void add(std::shared_ptr<Exchange> exchange);
  // Ends an exchange of this session whose command does not run, and logs the reason.
  void refuse(const std::shared_ptr<Exchange>& exchange, const Error& error);
  // Begins requests and appends the replies that are ready to `out`, until it has `limit` bytes.
  // Returns true if the limit stopped it: there may be more.
  bool advance(std::string& out, std::size_t limit);
  // Called when the client has disconnected: complete requests still run, without replies. Parked
  // calls are dropped.
  void detach();
  // While true, calls are not parked: they answer at once.
  void set_quiescing(bool quiescing) { quiescing_ = quiescing; }
  // For messages and policy. Call it before the first request.
  void set_peer(std::string peer) { caller_.peer = std::move(peer); }

  // True if advance() has returned only a part of a reply.
  bool is_mid_reply() const { return !exchanges_.empty() && exchanges_.front()->partly_sent; }
  // Requests that have not ended or whose replies advance() has not returned, and their bytes.
  bool empty() const { return exchanges_.empty(); }
  std::size_t size() const { return exchanges_.size(); }
  std::size_t bytes() const { return bytes_; }

 private:
  class Context;

  void begin(const std::shared_ptr<Exchange>& exchange);
  void run_on_worker(const std::shared_ptr<Exchange>& exchange, const Command& command);
  void cancel(Exchange& exchange);
  void log(const Exchange& exchange, CallResult result, std::string_view reason);
  void park(const std::shared_ptr<Exchange>& exchange);
  void end_wait(const std::shared_ptr<Exchange>& exchange, WaitEnd end);
  void on_progress();
  // Appends the available part of the exchange's reply. True if the whole reply is delivered.
  bool deliver(Exchange& exchange, std::string& out);
  void deliver_out_of_order(std::string& out, std::size_t limit);
  void remove_head();

  void arm_overtake_timer();
  void overtake();
  void resynchronise(const std::shared_ptr<Exchange>& sync);

  asio::io_context& loop_;
  const Dispatcher& dispatcher_;
  state::Workers& workers_;
  std::function<void()> on_change_;  // empty when detached
  std::deque<std::shared_ptr<Exchange>> exchanges_;
  std::size_t bytes_ = 0;
  Caller caller_;
  bool quiescing_ = false;
  asio::steady_timer wait_timer_;  // runs while a call is parked
  asio::steady_timer overtake_timer_;
  bool overtake_timer_armed_ = false;
};

}  // namespace bellhop::agent
