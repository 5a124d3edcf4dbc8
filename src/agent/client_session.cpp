#include "agent/client_session.h"

#include <algorithm>
#include <asio/post.hpp>
#include <utility>

namespace bellhop::agent {
namespace {

using Pointer = std::shared_ptr<Exchange>;

bool is_expedited(const Exchange& exchange) {
  return exchange.command && exchange.command->facts.priority == Priority::expedited;
}

bool resets_session(const Exchange& exchange) {
  return exchange.command && exchange.command->facts.resets_session;
}

}  // namespace

ClientSession::ClientSession(asio::io_context& loop, const Dispatcher& dispatcher,
                             state::Workers& workers, Sink& sink)
    : loop_(loop), dispatcher_(dispatcher), workers_(workers), sink_(&sink), timer_(loop) {}

void ClientSession::add(Pointer exchange) {
  bytes_ += exchange->bytes;
  exchanges_.push_back(std::move(exchange));
}

void ClientSession::advance() {
  deliver_out_of_order();
  while (!exchanges_.empty()) {
    const Pointer head = exchanges_.front();
    if (head->state == Exchange::State::waiting) begin(head);
    if (!deliver(*head)) break;
    remove_head();
  }
  arm_timer();
}

void ClientSession::detach() {
  sink_ = nullptr;
  timer_.cancel();
  for (const Pointer& exchange : exchanges_) {
    if (exchange->state == Exchange::State::running) exchange->reply.cancel();
  }
  advance();
}

void ClientSession::begin(const Pointer& exchange) {
  const Result<const Command*> command = dispatcher_.admit(exchange->request);
  if (!command) return exchange->finish(command.error(), exchange->request.id);
  if ((*command)->facts.runs == Runs::worker) return run_on_worker(exchange, **command);
  std::string reply;
  exchange->on_delivered = dispatcher_.execute(**command, exchange->request, reply).on_delivered;
  exchange->finish(std::move(reply));
}

void ClientSession::run_on_worker(const Pointer& exchange, const Command& command) {
  exchange->state = Exchange::State::running;
  const auto moved = [session = shared_from_this()] {
    asio::post(session->loop_, [session] { session->on_worker_progress(); });
  };
  const bool started = workers_.run(
      [this, session = shared_from_this(), exchange, &command, moved] {
        std::string reply;
        const auto drain = [&exchange, &moved](std::string& piece) {
          const bool wanted = exchange->reply.write(piece);
          moved();
          return wanted;
        };
        exchange->on_delivered =
            dispatcher_.execute(command, exchange->request, reply, drain).on_delivered;
        exchange->reply.finish(std::move(reply));
        moved();
      },
      command.facts.name);
  if (started) return;
  exchange->finish(
      failure("{} cannot run: as many commands as the agent has threads for are still running; "
              "wait for them, or raise the limit in the group [workers] of bellhop.conf",
              command.facts.name)
          .error(),
      exchange->request.id);
}

void ClientSession::on_worker_progress() {
  advance();
  if (sink_) sink_->on_session_progress();
}

bool ClientSession::deliver(Exchange& exchange) {
  std::string piece;
  if (!sink_) return exchange.reply.read(piece);
  if (!sink_->has_room()) return false;
  const bool finished = exchange.reply.read(piece);
  if (!piece.empty()) {
    exchange.partly_sent = true;
    sink_->receive(piece);
  }
  if (finished && exchange.on_delivered) exchange.on_delivered();
  return finished;
}

// Never into the middle of another reply.
void ClientSession::deliver_out_of_order() {
  if (exchanges_.empty() || exchanges_.front()->partly_sent) return;
  for (auto at = exchanges_.begin(); at != exchanges_.end();) {
    const Pointer exchange = *at;
    if (exchange->out_of_order && deliver(*exchange)) {
      bytes_ -= exchange->bytes;
      at = exchanges_.erase(at);
    } else if (exchange->partly_sent) {
      // The rest of it must follow before anything else.
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

// A timer runs only while something that never waits is waiting behind something else.
void ClientSession::arm_timer() {
  if (timer_armed_ || !sink_ || !sink_->has_room() || exchanges_.empty()) return;
  const bool in_midst = exchanges_.front()->partly_sent;
  const auto waiting =
      std::find_if(exchanges_.begin() + 1, exchanges_.end(), [in_midst](const Pointer& exchange) {
        return exchange->state == Exchange::State::waiting && is_expedited(*exchange) &&
               (!in_midst || resets_session(*exchange));
      });
  if (waiting == exchanges_.end()) return;
  timer_armed_ = true;
  timer_.expires_at((*waiting)->arrival + overtake_timeout);
  timer_.async_wait([weak = weak_from_this()](std::error_code cancelled) {
    const std::shared_ptr<ClientSession> session = weak.lock();
    if (!session) return;
    session->timer_armed_ = false;
    if (cancelled || !session->sink_) return;
    session->overtake();
    session->on_worker_progress();
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
    } else if (!exchanges_.front()->partly_sent) {
      exchange->out_of_order = true;
      begin(exchange);
    }
  }
}

void ClientSession::resynchronise(const Pointer& sync) {
  const Result<const Command*> command = dispatcher_.admit(sync->request);
  if (!command) return;  // an error is answered in turn
  std::string reply;
  if (!dispatcher_.execute(**command, sync->request, reply).succeeded) {
    sync->out_of_order = !exchanges_.front()->partly_sent;
    return sync->finish(std::move(reply));
  }
  // What was begun of a reply ends here, so that the client finds this one on a line of its own.
  if (exchanges_.front()->partly_sent) reply.insert(reply.begin(), '\n');
  while (exchanges_.front() != sync) {
    const Pointer older = exchanges_.front();
    if (older->state == Exchange::State::running) older->reply.cancel();
    remove_head();
  }
  sync->finish(std::move(reply));
}

}  // namespace bellhop::agent
