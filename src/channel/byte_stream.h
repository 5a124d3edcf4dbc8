// Bytes in and out of one descriptor, without waiting.
#pragma once

#include <deque>
#include <memory>
#include <string>

#include "channel/channel.h"
#include "channel/reactor.h"
#include "platform/io/handle.h"

namespace bellhop::channel {

// Carries one client's bytes between a non-blocking descriptor and a handler: reads while there is
// input and the handler has room, keeps what could not be written until it can be.
// Shared, so that a callback may let go of the stream that calls it.
class ByteStream : public std::enable_shared_from_this<ByteStream> {
 public:
  // What a write error means.
  enum class Kind {
    socket,  // the client does not listen any more; what it sent is still read to its end
    port,    // the device is of no more use
  };

  // What becomes of the stream is its owner's decision. Called on the loop; may close the stream.
  class Owner {
   public:
    virtual ~Owner() = default;
    // Nothing more will be read for now: a socket's client has shut down its side, a port's host
    // has closed. `hung_up`: nobody listens either. May be called again when that changes.
    virtual void on_eof(bool hung_up) = 0;
    // The descriptor is of no more use; `error_number` is an errno value.
    virtual void on_error(int error_number) = 0;
    virtual void on_drained() = 0;
  };

  ByteStream(Reactor& reactor, platform::Handle fd, Kind kind, ChannelHandler& handler,
             Owner& owner);

  Result<void> start();
  // Takes the bytes and leaves the string empty.
  void send(std::string& bytes);
  std::size_t unsent() const { return unsent_; }
  // The bytes themselves.
  std::string unsent_bytes() const;
  int descriptor() const { return fd_.get(); }
  // Of a port: forgets what the host that has left was to get. More of its input may follow.
  void host_left();
  void resume_input();
  // Whether input came after the end of input, from a host that the system has not told of yet: it
  // tells of a port's data and of its host in no fixed order.
  bool host_attach_pending() const { return host_attach_pending_; }
  // No callback comes after this.
  void close();

 private:
  void drop_output();
  void changed(const platform::EdgeEvent& event);
  void pump_input();
  void pump_output();
  void watch_writable(bool wanted);
  // Writes from `bytes`; the number written, 0 when the descriptor is full or broken.
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
