// SPDX-License-Identifier: Apache-2.0
#include "channel/listen_channel_posix.h"

#include <asio/post.hpp>
#include <cerrno>
#include <utility>

#include "platform/io/peer_name.h"
#include "platform/io/sockets.h"

namespace bellhop::channel {

ListenChannel::ListenChannel(Reactor& reactor, platform::Handle listener, std::string description,
                             std::optional<RestoredClient> client)
    : reactor_(reactor),
      listener_(std::move(listener)),
      description_(std::move(description)),
      restored_(std::move(client)) {}

ListenChannel::~ListenChannel() {
  if (client_) client_->close();
}

Result<void> ListenChannel::start(ChannelHandler& handler) {
  handler_ = &handler;
  if (auto restored = std::exchange(restored_, std::nullopt)) {
    serve(std::move(restored->descriptor));
    send(restored->unsent);
  }
  TRY_ASSIGN(watch_, reactor_.watch(listener_.get(), [this](const EdgeEvent&) { accept_next(); }));
  return {};
}

void ListenChannel::accept_next() {
  while (!client_) {
    platform::Handle fd = platform::accept_client(listener_.get());
    if (!fd) return;  // no client waits
    serve(std::move(fd));
  }
}

void ListenChannel::serve(platform::Handle client) {
  ByteStream::Owner& owner = *this;
  client_ = std::make_shared<ByteStream>(reactor_, std::move(client), ByteStream::Kind::socket,
                                         *handler_, owner);
  finishing_ = false;
  handler_->connected(platform::peer_name(client_->descriptor()));
  if (!client_->start()) release_client();
}

Channel::Snapshot ListenChannel::snapshot() const {
  Snapshot snapshot{.listener = listener_.get()};
  if (client_) {
    snapshot.client = client_->descriptor();
    snapshot.unsent = client_->unsent_bytes();
  }
  return snapshot;
}

void ListenChannel::release_client() {
  if (!client_) return;
  client_->close();
  client_.reset();
  handler_->disconnected();
  // On the loop, so that a series of short-lived clients does not recurse.
  asio::post(reactor_.loop(), [this] { accept_next(); });
}

void ListenChannel::send(std::string& bytes) {
  if (client_) {
    client_->send(bytes);
  } else {
    bytes.clear();
  }
}

void ListenChannel::resume_input() {
  if (client_) client_->resume_input();
}

void ListenChannel::finish() {
  finishing_ = true;
  if (unsent() > 0) return;
  // On the loop: the handler that calls finish() has not updated its own state yet.
  asio::post(reactor_.loop(), [this, client = client_] {
    if (client && client == client_) release_client();
  });
}

void ListenChannel::on_eof(bool hung_up) {
  if (hung_up) {
    release_client();
  } else {
    handler_->input_ended();
  }
}

void ListenChannel::on_error(int) {
  release_client();
}

void ListenChannel::on_drained() {
  if (finishing_) {
    release_client();
  } else {
    handler_->output_sent();
  }
}

}  // namespace bellhop::channel
