// Edge-triggered readiness in the Asio loop.
#pragma once

#include <asio/io_context.hpp>
#include <asio/posix/stream_descriptor.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <unordered_map>

#include "base/error.h"
#include "platform/io/edge_poll.h"

namespace bellhop::channel {

class Reactor;

// A watched fd; the destructor ends the watch. Must not outlive its reactor.
class Watch {
 public:
  Watch() = default;
  Watch(Watch&& other) noexcept;
  Watch& operator=(Watch&& other) noexcept;
  ~Watch();

  // Whether writability is reported too. False at first.
  void await_writable(bool wanted);

 private:
  friend class Reactor;
  Watch(Reactor& reactor, std::uint64_t token) : reactor_(&reactor), token_(token) {}
  Reactor* reactor_ = nullptr;
  std::uint64_t token_ = 0;
};

// Calls back once for every change of a watched fd, on the loop's thread.
class Reactor {
 public:
  using Callback = std::function<void(const platform::EdgeEvent&)>;

  static Result<std::unique_ptr<Reactor>> create(asio::io_context& loop);
  Reactor(const Reactor&) = delete;
  Reactor& operator=(const Reactor&) = delete;
  ~Reactor();

  // Watches `fd`, which the caller keeps open until the watch has ended. The callback may end any
  // watch, including its own.
  Result<Watch> watch(int fd, Callback callback);

  asio::io_context& loop() { return loop_; }

 private:
  friend class Watch;
  struct Entry {
    int fd;
    std::shared_ptr<Callback> callback;  // shared: the watch may end while it runs
  };

  Reactor(asio::io_context& loop, platform::EdgePoll poll);
  void wait();
  void deliver();
  void await_writable(std::uint64_t token, bool wanted);
  void end(std::uint64_t token);

  asio::io_context& loop_;
  platform::EdgePoll poll_;
  asio::posix::stream_descriptor outer_;
  std::unordered_map<std::uint64_t, Entry> entries_;
  std::uint64_t next_token_ = 1;
};

}  // namespace bellhop::channel
