// SPDX-License-Identifier: Apache-2.0
// Transports requests and replies: one channel, one client at a time.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "base/error.h"
#include "platform/io/handle.h"

namespace bellhop::channel {

// Serves a channel. Called on the loop's thread, never from within a call to the channel.
class ChannelHandler {
 public:
  virtual ~ChannelHandler() = default;

  // A client has connected. `peer`: see platform::peer_name(). Not called for a port, whose only
  // client is the host.
  virtual void connected([[maybe_unused]] const std::string& peer) {}
  // The buffer for the next input. Empty when the handler has no room; after resume_input() the
  // channel asks again. Valid until the next call to this handler, so a channel whose reads
  // complete in the background (IOCP) reads into its own buffer and copies.
  virtual std::span<char> read_buffer() = 0;
  // Called when read_buffer() is empty: whether the input of a client that has left is still
  // wanted.
  virtual bool wants_buffered_input() const { return false; }
  // `bytes` bytes were written to the buffer.
  virtual void input(std::size_t bytes) = 0;
  // The client sends no more but still reads. The handler calls finish() after its last reply.
  virtual void input_ended() = 0;
  // The client has disconnected; unsent output is lost.
  virtual void disconnected() = 0;
  // All output has been written to the fd.
  virtual void output_sent() = 0;
};

// A client from the snapshot, or an open port.
struct RestoredClient {
  platform::Handle descriptor;
  std::string unsent;  // output that is still to be sent
};

// A way to a host. Outlives its clients: when one leaves, it waits for the next. Use it on the
// loop's thread only.
class Channel {
 public:
  virtual ~Channel() = default;

  // Starts the channel. `handler` must outlive it.
  virtual Result<void> start(ChannelHandler& handler) = 0;

  // Sends `bytes` and leaves the string empty; it keeps its memory if all bytes could be written
  // immediately. Without a client the bytes are dropped.
  virtual void send(std::string& bytes) = 0;
  // Bytes that the kernel has not accepted yet.
  virtual std::size_t unsent() const = 0;
  // The handler has room for input again.
  virtual void resume_input() = 0;
  // All replies have been sent to a client that has ended its input: disconnects it after the last
  // byte.
  virtual void finish() = 0;

  // What a successor needs to serve the channel in its current state: fds, which the channel still
  // owns, and the unsent output of its client.
  struct Snapshot {
    platform::NativeHandle listener = platform::no_handle;
    platform::NativeHandle client = platform::no_handle;  // or the port
    std::string unsent = {};
  };
  virtual Snapshot snapshot() const { return {}; }

  // For messages: "unix-listen /run/x.sock".
  virtual const std::string& description() const = 0;
};

}  // namespace bellhop::channel
