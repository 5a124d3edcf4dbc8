// SPDX-License-Identifier: Apache-2.0
#include "agent/channel_server.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

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
  return channel_.start(*this);
}

void ChannelServer::new_session() {
  session_ = std::make_shared<ClientSession>(
      loop_, dispatcher_, workers_, [this] { on_progress(); },
      Caller{.channel = channel_.description(), .session = dispatcher_.new_session_number()});
}

std::span<char> ChannelServer::read_buffer() {
  if (!accepts_requests()) return {};
  return framer_.prepare(read_size);
}

void ChannelServer::input(std::size_t bytes) {
  framer_.commit(bytes);
  unframed_bytes_ += bytes;
  pump();
}

// Bytes of replies that the channel may still get.
std::size_t ChannelServer::room() const {
  return max_unsent - std::min(max_unsent, channel_.unsent());
}

bool ChannelServer::accepts_requests() const {
  return (!paused_ || has_partial_request()) && has_room() && session_->size() < max_queued &&
         session_->bytes() < max_queued_bytes;
}

// Returns false if the framer has no complete request.
bool ChannelServer::accept_request() {
  std::optional<std::expected<wire::Document, Error>> message = framer_.next();
  if (!message) return false;
  if (*message) {
    handle_request(**std::move(message));
  } else {
    handle_error(message->error());
  }
  return true;
}

// Accepts requests and sends replies, as far as possible.
void ChannelServer::pump() {
  bool framed = false;  // the framer has no further request
  bool more_replies = false;
  do {
    while (!framed && accepts_requests()) framed = !accept_request();
    more_replies = session_->advance(outbox_, room());
    if (!outbox_.empty()) channel_.send(outbox_);
  } while ((more_replies && has_room()) || (!framed && accepts_requests()));
  if (input_has_ended_ && framed) {
    framer_.reset();
    if (session_->empty()) channel_.finish();
  }
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
    exchange->request.id = request.error().id;
    session_->refuse(exchange, request.error().error);
  }
  session_->add(std::move(exchange));
}

void ChannelServer::handle_error(const Error& error) {
  // Without the quoted bytes, which may be a part of a password.
  const std::string_view text = error.message;
  log_.debug("{}: {}", channel_.description(), text.substr(0, text.find('\'')));
  unframed_bytes_ = 0;
  auto exchange = std::make_shared<Exchange>();
  exchange->finish(error, std::nullopt);
  session_->add(std::move(exchange));
}

// There may be room again: for requests in the framer, and for input.
void ChannelServer::on_progress() {
  pump();
  if (accepts_requests()) channel_.resume_input();
}

void ChannelServer::output_sent() {
  on_progress();
}

void ChannelServer::input_ended() {
  input_has_ended_ = true;
  pump();
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
  pump();
}

void ChannelServer::resume() {
  paused_ = false;
  session_->set_quiescing(false);
  on_progress();
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

void ChannelServer::snapshot(state::SnapshotWriter& writer) const {
  const channel::Channel::Snapshot state = channel_.snapshot();
  writer.begin("channel");
  writer.text("description", channel_.description());
  writer.descriptor("listener", state.listener);
  writer.descriptor("client", state.client);
  writer.text("unsent", state.unsent);
}

}  // namespace bellhop::agent
