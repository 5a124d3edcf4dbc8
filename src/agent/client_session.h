// The requests of one client, in order.
#pragma once

#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>
#include <chrono>
#include <deque>
#include <memory>
#include <string>

#include "agent/dispatch.h"
#include "agent/exchange.h"
#include "state/workers.h"

namespace bellhop::agent {

// Runs a client's requests one after the other, on the loop or on a worker, and hands over the
// replies in the order of the requests. Used on the loop's thread; shared, because a worker's end
// comes back to it however long that takes.
//
// No request waits for ever behind one that is stuck: one whose command never waits
// (Priority::expedited) overtakes after `overtake_timeout`. When that is a resynchronisation, the
// client has given up on what it asked before: requests that have not begun are dropped, and the
// replies of those that run are, too.
class ClientSession : public std::enable_shared_from_this<ClientSession> {
 public:
  static constexpr std::chrono::milliseconds overtake_timeout{500};

  // Where replies go. `receive` takes the bytes out of its argument.
  class Sink {
   public:
    virtual ~Sink() = default;
    virtual bool has_room() const = 0;
    virtual void receive(std::string& bytes) = 0;
    // The session has got on by itself: replies may have been received, requests may have ended.
    virtual void on_session_progress() = 0;
  };

  ClientSession(asio::io_context& loop, const Dispatcher& dispatcher, state::Workers& workers,
                Sink& sink);

  void add(std::shared_ptr<Exchange> exchange);
  // Runs and hands over what can be.
  void advance();
  // The client is gone: requests that it finished sending still run, without replies.
  void detach();

  // Whether a reply has been handed over in part.
  bool in_midst_of_reply() const { return !exchanges_.empty() && exchanges_.front()->partly_sent; }
  bool empty() const { return exchanges_.empty(); }
  std::size_t size() const { return exchanges_.size(); }
  std::size_t bytes() const { return bytes_; }

 private:
  void begin(const std::shared_ptr<Exchange>& exchange);
  void run_on_worker(const std::shared_ptr<Exchange>& exchange, const Command& command);
  void on_worker_progress();
  // Hands over what the exchange has written. True when it is done and all of it is handed over.
  bool deliver(Exchange& exchange);
  void deliver_out_of_order();
  void remove_head();

  void arm_timer();
  void overtake();
  void resynchronise(const std::shared_ptr<Exchange>& sync);

  asio::io_context& loop_;
  const Dispatcher& dispatcher_;
  state::Workers& workers_;
  Sink* sink_;  // nullptr when detached
  std::deque<std::shared_ptr<Exchange>> exchanges_;
  std::size_t bytes_ = 0;
  asio::steady_timer timer_;
  bool timer_armed_ = false;
};

}  // namespace bellhop::agent
