// Where requests come from and replies go: one channel, one client at a time.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "base/error.h"
#include "platform/io/handle.h"

namespace bellhop::channel {

// Who serves a channel. Called on the loop's thread, never from within a call to the channel.
class ChannelHandler {
 public:
  virtual ~ChannelHandler() = default;

  // A client has connected. `peer`: see platform::peer_name(). Not called for a port, where the
  // host is the only client.
  virtual void connected(std::string peer) { static_cast<void>(peer); }
  // Where to put the next input. Empty: not now; resume_input() asks again.
  virtual std::span<char> read_buffer() = 0;
  // Without room: whether what a client has sent before it left is still wanted.
  virtual bool wants_buffered_input() const { return false; }
  // `bytes` bytes were put there.
  virtual void input(std::size_t bytes) = 0;
  // The client sends no more but still listens. The handler calls finish() when it has answered.
  virtual void input_ended() = 0;
  // The client is gone, and with it all that was not sent.
  virtual void disconnected() = 0;
  // Everything that was to be sent has been taken by the system.
  virtual void output_sent() = 0;
};

// A client that an earlier program has served, or a port that it has had open.
struct RestoredClient {
  platform::Handle descriptor;
  std::string unsent;  // what it has still to get
};

// A way to a host. Outlives its clients: when one leaves, it waits for the next. Used on the loop's
// thread only.
class Channel {
 public:
  virtual ~Channel() = default;

  // Begins to serve `handler`, which must outlive the channel.
  virtual Result<void> start(ChannelHandler& handler) = 0;

  // Sends `bytes` and leaves the string empty, with its memory when all of it could be written at
  // once. Without a client they are dropped.
  virtual void send(std::string& bytes) = 0;
  // Bytes that wait for the system to take them.
  virtual std::size_t unsent() const = 0;
  // There is room for input again.
  virtual void resume_input() = 0;
  // The client that has ended its input has got all its replies.
  virtual void finish() = 0;

  // What another program of this process needs to serve the channel as it is now: descriptors,
  // which stay the channel's, and what its client has still to get.
  struct Snapshot {
    int listener = -1;
    int client = -1;  // or the port
    std::string unsent = {};
  };
  virtual Snapshot snapshot() const { return {}; }

  // For messages: "unix-listen /run/x.sock".
  virtual const std::string& description() const = 0;
};

}  // namespace bellhop::channel
