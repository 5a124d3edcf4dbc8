#include "agent/session.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

#include "wire/json_writer.h"

namespace bellhop::agent {
namespace {

constexpr std::size_t read_size = 64 * 1024;
// Replies that wait for the client to take them; more are not made.
constexpr std::size_t most_unsent = 1024 * 1024;
// Requests that wait for their turn; more are not read. One request may have 64 MiB.
constexpr std::size_t most_waiting = 1024;
constexpr std::size_t most_waiting_bytes = 128 * 1024 * 1024;

}  // namespace

Session::Session(asio::io_context& loop, channel::Channel& channel, const Dispatcher& dispatcher,
                 Workers& workers, Log& log)
    : loop_(loop), channel_(channel), dispatcher_(dispatcher), workers_(workers), log_(log) {
  new_lane();
}

Session::~Session() {
  lane_->detach();
}

Result<void> Session::start() {
  Result<void> started = channel_.start(*this);
  if (started) take_requests();  // that an earlier program has received
  return started;
}

void Session::new_lane() {
  lane_ = std::make_shared<Lane>(loop_, dispatcher_, workers_, static_cast<Lane::Sink&>(*this));
}

std::span<char> Session::input_room() {
  if (!takes_requests()) return {};
  return framer_.prepare(read_size);
}

void Session::input(std::size_t bytes) {
  framer_.commit(bytes);
  unframed_bytes_ += bytes;
  take_requests();
}

bool Session::takes_requests() const {
  return !paused_ && has_room() && lane_->size() < most_waiting &&
         lane_->bytes() < most_waiting_bytes;
}

void Session::take_requests() {
  bool more = true;
  while (more && takes_requests()) {
    std::optional<std::expected<wire::Document, Error>> message = framer_.next();
    if (!message) {
      more = false;
    } else if (*message) {
      take_request(**std::move(message));
    } else {
      take_error(message->error());
    }
    if (!more || !takes_requests()) lane_->advance();
  }
  if (input_has_ended_ && !more) {
    framer_.reset();
    if (lane_->empty()) {
      send_replies();
      channel_.finish();
      return;
    }
  }
  send_replies();
}

void Session::take_request(wire::Document document) {
  auto exchange = std::make_shared<Exchange>();
  exchange->arrival = std::chrono::steady_clock::now();
  exchange->bytes = std::exchange(unframed_bytes_, 0);
  exchange->document = std::move(document);
  auto request = wire::read_request(*exchange->document);
  if (request) {
    exchange->request = *std::move(request);
    exchange->command = dispatcher_.find(exchange->request.execute);
  } else {
    exchange->finish(request.error().error, request.error().id);
  }
  lane_->add(std::move(exchange));
}

void Session::take_error(const Error& error) {
  log_.debug("{}: {}", channel_.description(), error.message);
  unframed_bytes_ = 0;
  auto exchange = std::make_shared<Exchange>();
  exchange->finish(error, std::nullopt);
  lane_->add(std::move(exchange));
}

void Session::send_replies() {
  if (!outbox_.empty()) channel_.send(outbox_);
}

bool Session::has_room() const {
  return channel_.unsent() + outbox_.size() < most_unsent;
}

void Session::receive(std::string& bytes) {
  if (outbox_.empty()) {
    outbox_.swap(bytes);
  } else {
    outbox_ += bytes;
  }
  if (outbox_.size() >= wire::JsonWriter::drain_threshold) send_replies();
}

// Room may have come free: for requests that wait in the framer, and for input.
void Session::lane_moved() {
  take_requests();
  if (takes_requests()) channel_.resume_input();
}

void Session::output_sent() {
  lane_->advance();
  lane_moved();
}

void Session::input_ended() {
  input_has_ended_ = true;
  take_requests();
}

void Session::disconnected() {
  framer_.reset();
  unframed_bytes_ = 0;
  input_has_ended_ = false;
  lane_->detach();
  std::erase_if(former_, [](const std::weak_ptr<Lane>& lane) { return lane.expired(); });
  former_.push_back(lane_);
  new_lane();
}

void Session::go_on() {
  paused_ = false;
  lane_moved();
}

// A byte can take six when it is written down (\u001F), and the next program has qemu-ga's limit.
bool Session::is_in_a_large_request() const {
  return unframed_bytes_ > wire::token_size_limit / 6;
}

// Room that has come free is used when all is sent.
bool Session::waits_for_client() const {
  if (lane_->in_midst_of_reply()) return channel_.unsent() > 0;
  return !lane_->empty() && !has_room();
}

bool Session::is_quiet() {
  return lane_->empty() && std::ranges::all_of(former_, [](const std::weak_ptr<Lane>& former) {
           const auto lane = former.lock();
           return !lane || lane->empty();
         });
}

}  // namespace bellhop::agent
