// SPDX-License-Identifier: Apache-2.0
// Non-blocking input and output on one fd.
#pragma once

#include <deque>
#include <memory>
#include <string>

#include "channel/channel.h"
#include "channel/reactor_posix.h"
#include "platform/io/handle.h"

namespace bellhop::channel {

// Moves one client's bytes between a non-blocking fd and a handler. Reads while there is input and
// the handler has room; queues output until the fd accepts it. Shared, so that a callback may
// release the stream that calls it.
class ByteStream : public std::enable_shared_from_this<ByteStream> {
 public:
  // What a write error means.
  enum class Kind {
    socket,  // the client no longer reads; its input is still read to the end
    port,    // the device is unusable
  };

  // Decides what happens to the stream. Called on the loop; may close the stream.
  class Owner {
   public:
    virtual ~Owner() = default;
    // End of input: a socket's client has shut down its writing side, or a port's host has closed.
    // `hung_up`: the other end no longer reads either. Called again when that changes.
    virtual void on_eof(bool hung_up) = 0;
    // The fd is unusable; `error_number` is an errno value.
    virtual void on_error(int error_number) = 0;
    virtual void on_drained() = 0;
  };

  ByteStream(Reactor& reactor, platform::Handle fd, Kind kind, ChannelHandler& handler,
             Owner& owner);

  Result<void> start();
  // Sends or queues the bytes, and leaves the string empty.
  void send(std::string& bytes);
  std::size_t unsent() const { return unsent_; }
  // The queued bytes.
  std::string unsent_bytes() const;
  int descriptor() const { return fd_.get(); }
  // For a port: drops the output for the host that has left. Input may still follow.
  void host_left();
  void resume_input();
  // Whether input has arrived after the end of input, while the kernel has not yet reported the new
  // host. The kernel reports a port's data and its host in no fixed order.
  bool host_attach_pending() const { return host_attach_pending_; }
  // No callback runs after this.
  void close();

 private:
  void drop_output();
  void changed(const EdgeEvent& event);
  void pump_input();
  void pump_output();
  void watch_writable(bool wanted);
  // Returns the number of bytes written; 0 when the fd is full or broken.
  std::size_t write_some(const char* bytes, std::size_t size);
  void write_failed(int error_number);

  Reactor& reactor_;
  platform::Handle fd_;
  Kind kind_;
  ChannelHandler& handler_;
  Owner& owner_;
  Watch watch_;
  std::deque<std::string> output_;
  std::size_t front_written_ = 0;  // bytes of output_.front() that are written
  std::size_t unsent_ = 0;
  bool readable_ = false;
  bool writable_ = true;
  bool input_ends_ = false;
  bool hung_up_ = false;
  bool at_eof_ = false;
  bool host_attach_pending_ = false;
  bool output_is_lost_ = false;
};

}  // namespace bellhop::channel
