// SPDX-License-Identifier: Apache-2.0
// Serves one channel: bytes to requests, requests to replies.
#pragma once

#include <asio/io_context.hpp>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "agent/client_session.h"
#include "agent/dispatch.h"
#include "agent/log.h"
#include "channel/channel.h"
#include "state/snapshot.h"
#include "state/workers.h"
#include "wire/framer.h"

namespace bellhop::agent {

// Serves the clients of one channel, one after the other, for the channel's lifetime. Each client
// has its own session. Used on the loop's thread.
class ChannelServer : public channel::ChannelHandler {
 public:
  // The parameters must outlive the server.
  ChannelServer(asio::io_context& loop, channel::Channel& channel, const Dispatcher& dispatcher,
                state::Workers& workers, Log& log);
  ~ChannelServer() override;

  // Starts the channel. Call it once.
  Result<void> start();

  void connected(const std::string& peer) override { session_->set_peer(peer); }
  std::span<char> read_buffer() override;
  bool wants_buffered_input() const override { return paused_; }
  void input(std::size_t bytes) override;
  void input_ended() override;
  void disconnected() override;
  void output_sent() override;

  // Accepts no new requests until resume(). Accepted requests still run; parked calls answer at
  // once.
  void pause();
  void resume();
  // True if all requests have ended, including those of past clients. Replies may still wait to be
  // sent.
  bool is_idle();
  // True if replies are ready but the client does not read.
  bool waits_for_client() const;
  // True if the client has sent the first part of a request. While paused, the server still
  // receives the rest: a successor cannot continue in the middle of a request.
  bool has_partial_request() const { return !framer_.idle(); }
  const std::string& description() const { return channel_.description(); }
  // Writes the record "channel", from which the successor continues to serve the channel. The
  // format of this record is the same in all versions.
  void snapshot(state::SnapshotWriter& writer) const;

 private:
  bool has_room() const { return room() > 0; }
  std::size_t room() const;
  bool accepts_requests() const;
  bool accept_request();
  void handle_request(wire::Document document);
  void handle_error(const Error& error);
  void pump();
  void on_progress();
  void new_session();

  asio::io_context& loop_;
  channel::Channel& channel_;
  const Dispatcher& dispatcher_;
  state::Workers& workers_;
  Log& log_;
  wire::Framer framer_;
  std::shared_ptr<ClientSession> session_;
  std::string outbox_;              // replies that are sent together
  std::size_t unframed_bytes_ = 0;  // of input since the last complete message
  bool input_has_ended_ = false;
  bool paused_ = false;
  std::vector<std::weak_ptr<ClientSession>> past_sessions_;  // of clients that have left
};

}  // namespace bellhop::agent
