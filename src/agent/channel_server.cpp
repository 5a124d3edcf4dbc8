#include "agent/channel_server.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

#include "wire/json_writer.h"

namespace bellhop::agent {
namespace {

constexpr std::size_t read_size = 64 * 1024;
// Bytes of replies that the client has not read. At this limit no further replies are produced.
constexpr std::size_t max_unsent = 1024 * 1024;
// Requests in the queue, and their bytes. At these limits no further requests are read. One request
// may have 64 MiB.
constexpr std::size_t max_queued = 1024;
constexpr std::size_t max_queued_bytes = 128 * 1024 * 1024;

}  // namespace

ChannelServer::ChannelServer(asio::io_context& loop, channel::Channel& channel,
                             const Dispatcher& dispatcher, state::Workers& workers, Log& log)
    : loop_(loop), channel_(channel), dispatcher_(dispatcher), workers_(workers), log_(log) {
  new_session();
}

ChannelServer::~ChannelServer() {
  session_->detach();
}

Result<void> ChannelServer::start() {
  Result<void> started = channel_.start(*this);
  if (started) handle_requests();  // that the predecessor has received
  return started;
}

void ChannelServer::new_session() {
  session_ = std::make_shared<ClientSession>(
      loop_, dispatcher_, workers_, static_cast<ClientSession::Sink&>(*this),
      Caller{.channel = channel_.description(), .session = dispatcher_.new_session_number()});
}

std::span<char> ChannelServer::read_buffer() {
  if (!accepts_requests()) return {};
  return framer_.prepare(read_size);
}

void ChannelServer::input(std::size_t bytes) {
  framer_.commit(bytes);
  unframed_bytes_ += bytes;
  handle_requests();
}

bool ChannelServer::accepts_requests() const {
  return !paused_ && has_room() && session_->size() < max_queued &&
         session_->bytes() < max_queued_bytes;
}

void ChannelServer::handle_requests() {
  bool more = true;
  while (more && accepts_requests()) {
    std::optional<std::expected<wire::Document, Error>> message = framer_.next();
    if (!message) {
      more = false;
    } else if (*message) {
      handle_request(**std::move(message));
    } else {
      handle_error(message->error());
    }
    if (!more || !accepts_requests()) session_->advance();
  }
  if (input_has_ended_ && !more) {
    framer_.reset();
    if (session_->empty()) {
      send_replies();
      channel_.finish();
      return;
    }
  }
  send_replies();
}

void ChannelServer::handle_request(wire::Document document) {
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
  session_->add(std::move(exchange));
}

void ChannelServer::handle_error(const Error& error) {
  log_.debug("{}: {}", channel_.description(), error.message);
  unframed_bytes_ = 0;
  auto exchange = std::make_shared<Exchange>();
  exchange->finish(error, std::nullopt);
  session_->add(std::move(exchange));
}

void ChannelServer::send_replies() {
  if (!outbox_.empty()) channel_.send(outbox_);
}

bool ChannelServer::has_room() const {
  return channel_.unsent() + outbox_.size() < max_unsent;
}

void ChannelServer::receive(std::string& bytes) {
  if (outbox_.empty()) {
    outbox_.swap(bytes);
  } else {
    outbox_ += bytes;
  }
  if (outbox_.size() >= wire::JsonWriter::drain_threshold) send_replies();
}

// There may be room again: for requests in the framer, and for input.
void ChannelServer::on_session_progress() {
  handle_requests();
  if (accepts_requests()) channel_.resume_input();
}

void ChannelServer::output_sent() {
  session_->advance();
  on_session_progress();
}

void ChannelServer::input_ended() {
  input_has_ended_ = true;
  handle_requests();
}

void ChannelServer::disconnected() {
  framer_.reset();
  unframed_bytes_ = 0;
  input_has_ended_ = false;
  session_->detach();
  std::erase_if(past_sessions_,
                [](const std::weak_ptr<ClientSession>& session) { return session.expired(); });
  past_sessions_.push_back(session_);
  new_session();
}

void ChannelServer::pause() {
  paused_ = true;
  session_->set_quiescing(true);
  send_replies();
}

void ChannelServer::resume() {
  paused_ = false;
  session_->set_quiescing(false);
  on_session_progress();
}

// A byte can need six in the snapshot (\u001F), and the successor has qemu-ga's limit of a token.
bool ChannelServer::is_receiving_large_request() const {
  return unframed_bytes_ > wire::token_size_limit / 6;
}

// In the middle of a reply, the session continues only after the channel has sent everything.
bool ChannelServer::waits_for_client() const {
  if (session_->is_mid_reply()) return channel_.unsent() > 0;
  return !session_->empty() && !has_room();
}

bool ChannelServer::is_idle() {
  return session_->empty() &&
         std::ranges::all_of(past_sessions_, [](const std::weak_ptr<ClientSession>& past) {
           const auto session = past.lock();
           return !session || session->empty();
         });
}

}  // namespace bellhop::agent
