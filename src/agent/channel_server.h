// What happens on one channel: bytes to requests, requests to replies.
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

// Serves the clients of one channel, for as long as the channel lives. Each client has a session of
// its own. Used on the loop's thread.
class ChannelServer : public channel::ChannelHandler, private ClientSession::Sink {
 public:
  // All must outlive the server.
  ChannelServer(asio::io_context& loop, channel::Channel& channel, const Dispatcher& dispatcher,
                state::Workers& workers, Log& log);
  ~ChannelServer() override;

  Result<void> start();

  std::span<char> read_buffer() override;
  bool wants_buffered_input() const override { return paused_; }
  void input(std::size_t bytes) override;
  void input_ended() override;
  void disconnected() override;
  void output_sent() override;

  // Takes no more requests until resume(); those that it has go on.
  void pause() { paused_ = true; }
  void resume();
  // Whether all its requests have ended and their replies are sent or wait to be sent, those of
  // clients that have left included.
  bool is_idle();
  // Whether a client does not take the replies that are ready for it.
  bool waits_for_client() const;
  // Whether what its client has begun to send is too much to be written down for another program.
  bool is_in_a_large_request() const;
  const std::string& description() const { return channel_.description(); }
  // What another program needs to go on with the channel, a record named "channel". Its form does
  // not change from one version to the next.
  void snapshot(state::SnapshotWriter& writer) const;
  // Goes on with the input of the client that an earlier program has served. False when what it
  // had begun to send is lost. To be called before start().
  bool restore(const state::SnapshotRecord& record);

 private:
  bool has_room() const override;
  void receive(std::string& bytes) override;
  void on_session_progress() override;

  bool accepts_requests() const;
  void handle_requests();
  void handle_request(wire::Document document);
  void handle_error(const Error& error);
  void send_replies();
  void new_session();

  asio::io_context& loop_;
  channel::Channel& channel_;
  const Dispatcher& dispatcher_;
  state::Workers& workers_;
  Log& log_;
  wire::Framer framer_;
  std::shared_ptr<ClientSession> session_;
  std::string outbox_;              // replies of one round, sent together at its end
  std::size_t unframed_bytes_ = 0;  // of input since the last message
  bool input_has_ended_ = false;
  bool paused_ = false;
  std::vector<std::weak_ptr<ClientSession>> past_sessions_;  // of clients that have left
};

}  // namespace bellhop::agent
