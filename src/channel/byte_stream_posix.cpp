// SPDX-License-Identifier: Apache-2.0
#include "channel/byte_stream_posix.h"

#include <sys/socket.h>
#include <unistd.h>

#include <asio/post.hpp>
#include <cerrno>
#include <utility>

namespace bellhop::channel {
namespace {

// Consecutive reads before other channels and timers run.
constexpr int reads_in_a_row = 16;

bool would_block(int error_number) {
  return error_number == EAGAIN || error_number == EWOULDBLOCK;
}

}  // namespace

ByteStream::ByteStream(Reactor& reactor, platform::Handle fd, Kind kind, ChannelHandler& handler,
                       Owner& owner)
    : reactor_(reactor), fd_(std::move(fd)), kind_(kind), handler_(handler), owner_(owner) {}

Result<void> ByteStream::start() {
  TRY_ASSIGN(watch_, reactor_.watch(fd_.get(), [this](const EdgeEvent& event) { changed(event); }));
  if (kind_ == Kind::port) watch_.await_writable(true);
  return {};
}

// On a port, writability also reports that the host has attached, so it is always watched.
void ByteStream::watch_writable(bool wanted) {
  if (kind_ == Kind::socket) watch_.await_writable(wanted);
}

void ByteStream::close() {
  watch_ = Watch();
  fd_.reset();
}

void ByteStream::changed(const EdgeEvent& event) {
  const std::shared_ptr<ByteStream> self = shared_from_this();
  hung_up_ = event.hung_up;
  input_ends_ = event.input_ends;
  if (!hung_up_) host_attach_pending_ = at_eof_ = false;
  if (event.writable) {
    writable_ = true;
    pump_output();
    if (writable_) watch_writable(false);
  }
  if (event.readable) {
    readable_ = true;
    pump_input();
  }
}

void ByteStream::resume_input() {
  asio::post(reactor_.loop(), [self = shared_from_this()] { self->pump_input(); });
}

void ByteStream::pump_input() {
  const std::shared_ptr<ByteStream> self = shared_from_this();
  for (int reads = 0; fd_ && readable_; ++reads) {
    if (reads == reads_in_a_row) {
      asio::post(reactor_.loop(), [self] { self->pump_input(); });
      return;
    }
    const std::span<char> room = handler_.read_buffer();
    if (room.empty()) {
      // The client has left, and the handler does not want its remaining input.
      if (hung_up_ && !handler_.wants_buffered_input()) owner_.on_eof(true);
      return;
    }
    const ssize_t count = ::read(fd_.get(), room.data(), room.size());
    if (count > 0) {
      const auto size = static_cast<std::size_t>(count);
      // A short read means that a socket is empty; its next input is a new event. A port returns
      // one message per read.
      if (kind_ == Kind::socket && size < room.size() && !input_ends_) readable_ = false;
      host_attach_pending_ |= std::exchange(at_eof_, false);
      handler_.input(size);
    } else if (count == 0) {
      readable_ = false;
      at_eof_ = true;
      owner_.on_eof(hung_up_);
    } else if (would_block(errno)) {
      readable_ = false;
    } else if (errno != EINTR) {
      readable_ = false;
      owner_.on_error(errno);
    }
  }
}

void ByteStream::send(std::string& bytes) {
  std::size_t written = 0;
  if (output_.empty()) written = write_some(bytes.data(), bytes.size());
  if (written == bytes.size() || output_is_lost_) {
    bytes.clear();
    return;
  }
  if (output_.empty()) front_written_ = written;
  unsent_ += bytes.size() - written;
  output_.push_back(std::exchange(bytes, {}));
}

std::string ByteStream::unsent_bytes() const {
  std::string bytes;
  bytes.reserve(unsent_);
  for (const std::string& one : output_) bytes += one;
  bytes.erase(0, front_written_);
  return bytes;
}

void ByteStream::pump_output() {
  if (output_.empty()) return;
  while (!output_.empty()) {
    const std::string& front = output_.front();
    const std::size_t written =
        write_some(front.data() + front_written_, front.size() - front_written_);
    if (written == 0) return;
    front_written_ += written;
    unsent_ -= written;
    if (front_written_ == front.size()) {
      output_.pop_front();
      front_written_ = 0;
    }
  }
  owner_.on_drained();
}

std::size_t ByteStream::write_some(const char* bytes, std::size_t size) {
  std::size_t written = 0;
  while (fd_ && writable_ && !output_is_lost_ && written < size) {
    const ssize_t count = kind_ == Kind::socket
                              ? ::send(fd_.get(), bytes + written, size - written, MSG_NOSIGNAL)
                              : ::write(fd_.get(), bytes + written, size - written);
    if (count > 0) {
      written += static_cast<std::size_t>(count);
    } else if (count == 0 || would_block(errno)) {
      writable_ = false;
      watch_writable(true);
    } else if (errno != EINTR) {
      write_failed(errno);
    }
  }
  return written;
}

// Notifies the owner from the loop: a handler is never called from within its own call to send().
void ByteStream::write_failed(int error_number) {
  output_is_lost_ = kind_ == Kind::socket;
  writable_ = false;
  asio::post(reactor_.loop(), [self = shared_from_this(), error_number] {
    if (!self->fd_) return;
    if (self->kind_ == Kind::port) return self->owner_.on_error(error_number);
    self->drop_output();
    self->owner_.on_drained();
  });
}

void ByteStream::host_left() {
  host_attach_pending_ = false;
  drop_output();
  resume_input();  // the handler may have had no room
}

void ByteStream::drop_output() {
  output_.clear();
  front_written_ = 0;
  unsent_ = 0;
}

}  // namespace bellhop::channel
