// SPDX-License-Identifier: Apache-2.0
#include "agent/client_session.h"

#include <algorithm>
#include <asio/post.hpp>
#include <utility>

#include "wire/reply.h"

namespace bellhop::agent {
namespace {

using Pointer = std::shared_ptr<Exchange>;
using Outcome = Dispatcher::Outcome;

bool is_expedited(const Exchange& exchange) {
  return exchange.command && exchange.command->facts.priority == Priority::expedited;
}

void append_cannot_wait(std::string& reply, const Exchange& exchange) {
  const auto error = failure("{} waits, but does not run on the loop", exchange.request.execute);
  wire::append_error_reply(reply, error.error(), exchange.request.id);
}

bool resets_session(const Exchange& exchange) {
  return exchange.command && exchange.command->facts.resets_session;
}

}  // namespace

// The context of a call. Its waker ends the wait of the parked call, on the loop.
class ClientSession::Context final : public CommandContext {
 public:
  Context(ClientSession& session, const Pointer& exchange)
      : CommandContext(session.dispatcher_.services(), session.caller_),
        session_(session.weak_from_this()),
        exchange_(exchange) {}

  std::function<void()> waker() override {
    return [weak_session = session_, weak_exchange = exchange_] {
      const auto session = weak_session.lock();
      if (!session) return;
      asio::post(session->loop_, [session, weak_exchange] {
        if (const auto exchange = weak_exchange.lock()) {
          session->end_wait(exchange, WaitEnd::woken);
          session->on_progress();
        }
      });
    };
  }

 private:
  const std::weak_ptr<ClientSession> session_;
  const std::weak_ptr<Exchange> exchange_;
};

ClientSession::ClientSession(asio::io_context& loop, const Dispatcher& dispatcher,
                             state::Workers& workers, std::function<void()> on_change,
                             Caller caller)
    : loop_(loop),
      dispatcher_(dispatcher),
      workers_(workers),
      on_change_(std::move(on_change)),
      caller_(std::move(caller)),
      wait_timer_(loop),
      overtake_timer_(loop) {}

void ClientSession::add(Pointer exchange) {
  bytes_ += exchange->bytes;
  exchanges_.push_back(std::move(exchange));
}

bool ClientSession::advance(std::string& out, std::size_t limit) {
  deliver_out_of_order(out, limit);
  while (!exchanges_.empty()) {
    const Pointer head = exchanges_.front();
    if (head->state == Exchange::State::waiting) begin(head);
    // A parked call never delays another request or an upgrade.
    if (quiescing_ || exchanges_.size() > 1) end_wait(head, WaitEnd::interrupted);
    if (out.size() >= limit) return true;
    if (!deliver(*head, out)) break;
    remove_head();
  }
  arm_overtake_timer();
  return false;
}

void ClientSession::detach() {
  on_change_ = {};
  overtake_timer_.cancel();
  for (const Pointer& exchange : exchanges_) cancel(*exchange);
  on_progress();
}

void ClientSession::begin(const Pointer& exchange) {
  const wire::Request& request = exchange->request;
  const auto admitted = dispatcher_.admit(exchange->command, request.execute);
  if (!admitted) return refuse(exchange, admitted.error());
  const Command& command = *exchange->command;
  exchange->context = std::make_unique<Context>(*this, exchange);
  if (!on_change_) exchange->context->cancel();
  if (command.facts.runs == Runs::worker) return run_on_worker(exchange, command);
  std::string reply;
  if (dispatcher_.execute(command, request, *exchange->context, reply) == Outcome::parked) {
    return park(exchange);
  }
  exchange->finish(std::move(reply));
}

void ClientSession::refuse(const Pointer& exchange, const Error& error) {
  if (!exchange->context) exchange->context = std::make_unique<Context>(*this, exchange);
  log(*exchange, CallResult::refused, error.message);
  exchange->finish(error, exchange->request.id);
}

void ClientSession::log(const Exchange& exchange, CallResult result, std::string_view reason) {
  dispatcher_.call_log().write(exchange.command, exchange.request, *exchange.context, result,
                               reason);
}

void ClientSession::park(const Pointer& exchange) {
  exchange->state = Exchange::State::parked;
  if (!on_change_) return cancel(*exchange);  // no client waits for the reply
  wait_timer_.expires_at(exchange->context->parked_until());
  wait_timer_.async_wait([weak = weak_from_this(),
                          weak_exchange = std::weak_ptr(exchange)](std::error_code cancelled) {
    const auto session = weak.lock();
    const auto parked = weak_exchange.lock();
    if (cancelled || !session || !parked) return;
    // A completion that the loop has already queued cannot be cancelled: this one may belong to an
    // earlier wait of the call.
    if (std::chrono::steady_clock::now() < parked->context->parked_until()) return;
    session->end_wait(parked, WaitEnd::deadline);
    session->on_progress();
  });
}

// Does nothing if the call is not parked.
void ClientSession::end_wait(const Pointer& exchange, WaitEnd end) {
  if (exchange->state != Exchange::State::parked) return;
  wait_timer_.cancel();
  std::string reply;
  const Outcome outcome =
      dispatcher_.resume(*exchange->command, exchange->request, *exchange->context, end, reply);
  if (outcome != Outcome::parked) return exchange->finish(std::move(reply));
  if (end != WaitEnd::interrupted) return park(exchange);
  const auto error = failure("{} has no answer yet", exchange->command->facts.name).error();
  log(*exchange, CallResult::failed, error.message);
  exchange->finish(error, exchange->request.id);
}

// Called when the client will not read the reply.
void ClientSession::cancel(Exchange& exchange) {
  if (exchange.context) exchange.context->cancel();
  const bool parked = exchange.state == Exchange::State::parked;
  if (parked || (exchange.state == Exchange::State::running && exchange.reply.cancel())) {
    log(exchange, CallResult::abandoned, "its client has disconnected or resynchronised");
  }
  if (parked) exchange.finish({});
}

void ClientSession::run_on_worker(const Pointer& exchange, const Command& command) {
  exchange->state = Exchange::State::running;
  const auto notify = [session = shared_from_this()] {
    asio::post(session->loop_, [session] { session->on_progress(); });
  };
  const bool started = workers_.run(
      [this, session = shared_from_this(), exchange, &command, notify] {
        std::string reply;
        const auto drain = [&exchange, &notify](std::string& piece) {
          const bool wanted = exchange->reply.write(piece);
          notify();
          return wanted;
        };
        const Outcome outcome =
            dispatcher_.execute(command, exchange->request, *exchange->context, reply, drain);
        if (outcome == Outcome::parked) append_cannot_wait(reply, *exchange);
        exchange->reply.finish(std::move(reply));
        notify();
      },
      command.facts.name);
  if (started) return;
  refuse(exchange,
         failure("{} cannot run: as many commands as the agent has threads for are still running; "
                 "wait for them, or raise the limit in the group [workers] of bellhop.conf",
                 command.facts.name)
             .error());
}

// A detached session continues by itself.
void ClientSession::on_progress() {
  if (on_change_) return on_change_();
  std::string unwanted;
  advance(unwanted, SIZE_MAX);
}

bool ClientSession::deliver(Exchange& exchange, std::string& out) {
  const std::size_t before = out.size();
  const bool finished = exchange.reply.read(out);
  exchange.partly_sent |= out.size() != before;
  if (finished && on_change_ && exchange.context) exchange.context->delivered();
  return finished;
}

// Delivers nothing while another reply is partly sent.
void ClientSession::deliver_out_of_order(std::string& out, std::size_t limit) {
  if (exchanges_.empty() || exchanges_.front()->partly_sent) return;
  for (auto at = exchanges_.begin(); at != exchanges_.end() && out.size() < limit;) {
    const Pointer exchange = *at;
    if (exchange->out_of_order && deliver(*exchange, out)) {
      bytes_ -= exchange->bytes;
      at = exchanges_.erase(at);
    } else if (exchange->partly_sent) {
      // The rest of this reply must be sent before any other reply.
      exchanges_.erase(at);
      exchanges_.push_front(exchange);
      return;
    } else {
      ++at;
    }
  }
}

void ClientSession::remove_head() {
  bytes_ -= exchanges_.front()->bytes;
  exchanges_.pop_front();
}

// The timer runs only while an expedited request waits behind another request.
void ClientSession::arm_overtake_timer() {
  if (overtake_timer_armed_ || !on_change_ || exchanges_.empty()) return;
  const bool mid_reply = exchanges_.front()->partly_sent;
  const auto waiting =
      std::find_if(exchanges_.begin() + 1, exchanges_.end(), [mid_reply](const Pointer& exchange) {
        return exchange->state == Exchange::State::waiting && is_expedited(*exchange) &&
               (!mid_reply || resets_session(*exchange));
      });
  if (waiting == exchanges_.end()) return;
  overtake_timer_armed_ = true;
  overtake_timer_.expires_at((*waiting)->arrival + overtake_timeout);
  overtake_timer_.async_wait([weak = weak_from_this()](std::error_code cancelled) {
    const std::shared_ptr<ClientSession> session = weak.lock();
    if (!session) return;
    session->overtake_timer_armed_ = false;
    if (cancelled || !session->on_change_) return;
    session->overtake();
    session->on_progress();
  });
}

void ClientSession::overtake() {
  const auto now = std::chrono::steady_clock::now();
  const std::deque<Pointer> all = exchanges_;
  for (const Pointer& exchange : all) {
    if (exchanges_.empty() || exchange == exchanges_.front()) continue;
    if (exchange->state != Exchange::State::waiting || !is_expedited(*exchange)) continue;
    if (exchange->arrival + overtake_timeout > now) break;
    if (resets_session(*exchange)) {
      resynchronise(exchange);
      if (exchange == exchanges_.front()) return;  // later requests wait for its reply
    } else if (!exchanges_.front()->partly_sent) {
      exchange->out_of_order = true;
      begin(exchange);
    }
  }
}

void ClientSession::resynchronise(const Pointer& sync) {
  // If it is not admitted, its error is sent in request order.
  if (!dispatcher_.admit(sync->command, sync->request.execute)) return;
  sync->context = std::make_unique<Context>(*this, sync);
  std::string reply;
  const Outcome outcome = dispatcher_.execute(*sync->command, sync->request, *sync->context, reply);
  if (outcome != Outcome::succeeded) {
    sync->out_of_order = !exchanges_.front()->partly_sent;
    return sync->finish(std::move(reply));
  }
  // The line feed ends the partly sent reply: the client finds this reply on a separate line.
  if (exchanges_.front()->partly_sent) reply.insert(reply.begin(), '\n');
  while (exchanges_.front() != sync) {
    cancel(*exchanges_.front());
    remove_head();
  }
  sync->finish(std::move(reply));
}

}  // namespace bellhop::agent
