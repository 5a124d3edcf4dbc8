// SPDX-License-Identifier: Apache-2.0
#include <sys/epoll.h>

#include <array>
#include <cerrno>
#include <utility>

#include "channel/reactor_posix.h"

namespace bellhop::channel {
namespace {

epoll_event interest(std::uint64_t token, bool writable) {
  epoll_event event{};
  event.events = EPOLLIN | EPOLLRDHUP | EPOLLET;
  if (writable) event.events |= EPOLLOUT;
  event.data.u64 = token;
  return event;
}

}  // namespace

Watch::Watch(Watch&& other) noexcept
    : reactor_(std::exchange(other.reactor_, nullptr)), token_(other.token_) {}

Watch& Watch::operator=(Watch&& other) noexcept {
  std::swap(reactor_, other.reactor_);
  std::swap(token_, other.token_);
  return *this;
}

Watch::~Watch() {
  if (reactor_) reactor_->end(token_);
}

void Watch::await_writable(bool wanted) {
  if (reactor_) reactor_->await_writable(token_, wanted);
}

Result<std::unique_ptr<Reactor>> Reactor::create(asio::io_context& loop) {
  platform::Handle inner(::epoll_create1(EPOLL_CLOEXEC));
  if (!inner) return system_failure(errno, "cannot create an epoll instance");
  std::unique_ptr<Reactor> reactor(new Reactor(loop, std::move(inner)));
  reactor->wait();
  return reactor;
}

Reactor::Reactor(asio::io_context& loop, platform::Handle inner)
    : loop_(loop), inner_(loop, inner.get()) {
  inner.release();
}

Reactor::~Reactor() = default;

Result<Watch> Reactor::watch(int fd, Callback callback) {
  const std::uint64_t token = next_token_++;
  epoll_event event = interest(token, false);
  if (::epoll_ctl(inner_.native_handle(), EPOLL_CTL_ADD, fd, &event) != 0) {
    return system_failure(errno, "cannot watch descriptor {}", fd);
  }
  entries_.emplace(token, Entry{fd, std::make_shared<Callback>(std::move(callback))});
  return Watch(*this, token);
}

void Reactor::await_writable(std::uint64_t token, bool wanted) {
  epoll_event event = interest(token, wanted);
  ::epoll_ctl(inner_.native_handle(), EPOLL_CTL_MOD, entries_.at(token).fd, &event);
}

void Reactor::end(std::uint64_t token) {
  const auto entry = entries_.find(token);
  ::epoll_ctl(inner_.native_handle(), EPOLL_CTL_DEL, entry->second.fd, nullptr);
  entries_.erase(entry);
}

void Reactor::wait() {
  inner_.async_wait(asio::posix::stream_descriptor::wait_read, [this](std::error_code error) {
    if (error) return;  // the reactor is being destroyed
    deliver();
    wait();
  });
}

// Handles one batch only, so that other work can run: the set stays readable while events are left.
void Reactor::deliver() {
  std::array<epoll_event, 16> events;
  const int count = ::epoll_wait(inner_.native_handle(), events.data(), events.size(), 0);
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events[static_cast<std::size_t>(i)];
    const std::uint64_t token = event.data.u64;  // a copy: the structure is packed
    const auto entry = entries_.find(token);
    if (entry == entries_.end()) continue;  // a callback of this batch ended the watch
    const std::shared_ptr<Callback> callback = entry->second.callback;
    const auto has = [&](std::uint32_t any) { return (event.events & any) != 0; };
    (*callback)({.readable = has(EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR),
                 .writable = has(EPOLLOUT | EPOLLERR),
                 .input_ends = has(EPOLLRDHUP | EPOLLHUP | EPOLLERR),
                 .hung_up = has(EPOLLHUP)});
  }
}

}  // namespace bellhop::channel
