// What happens on one channel: bytes to requests, requests to replies.
#pragma once

#include <asio/io_context.hpp>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "agent/dispatch.h"
#include "agent/lane.h"
#include "agent/log.h"
#include "agent/workers.h"
#include "channel/channel.h"
#include "state/handover.h"
#include "wire/framer.h"

namespace bellhop::agent {

// Serves the clients of one channel, for as long as the channel lives. Each client has a lane of
// its own. Used on the loop's thread.
class Session : public channel::Peer, private Lane::Sink {
 public:
  // All must outlive the session.
  Session(asio::io_context& loop, channel::Channel& channel, const Dispatcher& dispatcher,
          Workers& workers, Log& log);
  ~Session() override;

  Result<void> start();

  std::span<char> input_room() override;
  bool wants_what_is_left() const override { return paused_; }
  void input(std::size_t bytes) override;
  void input_ended() override;
  void disconnected() override;
  void output_sent() override;

  // Takes no more requests until go_on(); those that it has go on.
  void pause() { paused_ = true; }
  void go_on();
  // Whether all its requests have ended and their replies are sent or wait to be sent, those of
  // clients that have left included.
  bool is_quiet();
  // Whether a client does not take the replies that are ready for it.
  bool waits_for_client() const;
  // Whether what its client has begun to send is too much to be written down for another program.
  bool is_in_a_large_request() const;
  const std::string& description() const { return channel_.description(); }
  // What another program needs to go on with the channel, a record named "channel". Its form does
  // not change from one version to the next.
  void hand_over(state::HandoverWriter& writer) const;
  // Goes on with the input of the client that an earlier program has served. False when what it
  // had begun to send is lost. To be called before start().
  bool take_over(const state::HandoverRecord& record);

 private:
  bool has_room() const override;
  void receive(std::string& bytes) override;
  void lane_moved() override;

  bool takes_requests() const;
  void take_requests();
  void take_request(wire::Document document);
  void take_error(const Error& error);
  void send_replies();
  void new_lane();

  asio::io_context& loop_;
  channel::Channel& channel_;
  const Dispatcher& dispatcher_;
  Workers& workers_;
  Log& log_;
  wire::Framer framer_;
  std::shared_ptr<Lane> lane_;
  std::string outbox_;              // replies of one round, sent together at its end
  std::size_t unframed_bytes_ = 0;  // of input since the last message
  bool input_has_ended_ = false;
  bool paused_ = false;
  std::vector<std::weak_ptr<Lane>> former_;  // of clients that have left
};

}  // namespace bellhop::agent
