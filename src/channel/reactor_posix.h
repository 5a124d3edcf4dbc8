// SPDX-License-Identifier: Apache-2.0
// Edge-triggered readiness in the Asio loop.
#pragma once

#include <asio/io_context.hpp>
#include <asio/posix/stream_descriptor.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <unordered_map>

#include "base/error.h"
#include "platform/io/handle.h"

namespace bellhop::channel {

class Reactor;

// What has changed on an fd since its last report.
struct EdgeEvent {
  bool readable = false;  // data or end of input
  bool writable = false;
  bool input_ends = false;  // no input follows what can be read now
  bool hung_up = false;     // the other end is closed in both directions
};

// A watched fd; the destructor ends the watch. Must not outlive its reactor.
class Watch {
 public:
  Watch() = default;
  Watch(Watch&& other) noexcept;
  Watch& operator=(Watch&& other) noexcept;
  ~Watch();

  // Starts or stops watching for room to write as well, and reports the current state again. Not
  // watched at first. Stop when room is no longer needed: every read at the other end makes room
  // and causes a report.
  void await_writable(bool wanted);

 private:
  friend class Reactor;
  Watch(Reactor& reactor, std::uint64_t token) : reactor_(&reactor), token_(token) {}
  Reactor* reactor_ = nullptr;
  std::uint64_t token_ = 0;
};

// Calls back once for every change of a watched fd, on the loop's thread. Level-triggered waiting
// would spin on a virtio-serial port whose host end is closed, because such a port stays "hung up".
class Reactor {
 public:
  using Callback = std::function<void(const EdgeEvent&)>;

  static Result<std::unique_ptr<Reactor>> create(asio::io_context& loop);
  Reactor(const Reactor&) = delete;
  Reactor& operator=(const Reactor&) = delete;
  ~Reactor();

  // Watches `fd` for input and end of input, and reports its current state first. The caller keeps
  // `fd` open until the watch has ended. The callback may end any watch, including its own.
  Result<Watch> watch(int fd, Callback callback);

  asio::io_context& loop() { return loop_; }

 private:
  friend class Watch;
  struct Entry {
    int fd;
    std::shared_ptr<Callback> callback;  // shared: the watch may end while it runs
  };

  Reactor(asio::io_context& loop, platform::Handle inner);
  void wait();
  void deliver();
  void await_writable(std::uint64_t token, bool wanted);
  void end(std::uint64_t token);

  asio::io_context& loop_;
  asio::posix::stream_descriptor inner_;  // a set of fds, readable while changes are pending
  std::unordered_map<std::uint64_t, Entry> entries_;
  std::uint64_t next_token_ = 1;
};

}  // namespace bellhop::channel
