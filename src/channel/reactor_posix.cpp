#include "channel/reactor_posix.h"

#include <array>
#include <utility>

namespace bellhop::channel {

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
  TRY_ASSIGN(auto poll, platform::EdgePoll::create());
  std::unique_ptr<Reactor> reactor(new Reactor(loop, std::move(poll)));
  reactor->wait();
  return reactor;
}

Reactor::Reactor(asio::io_context& loop, platform::EdgePoll poll)
    : loop_(loop), poll_(std::move(poll)), outer_(loop) {
  outer_.assign(poll_.descriptor());
}

Reactor::~Reactor() {
  outer_.release();
}  // the descriptor belongs to poll_

Result<Watch> Reactor::watch(int fd, Callback callback) {
  const std::uint64_t token = next_token_++;
  entries_.emplace(token, Entry{fd, std::make_shared<Callback>(std::move(callback))});
  Watch watch(*this, token);
  TRY(poll_.add(fd, token));
  return watch;
}

void Reactor::await_writable(std::uint64_t token, bool wanted) {
  const auto entry = entries_.find(token);
  if (entry != entries_.end()) poll_.await_writable(entry->second.fd, token, wanted);
}

void Reactor::end(std::uint64_t token) {
  const auto entry = entries_.find(token);
  if (entry == entries_.end()) return;
  poll_.remove(entry->second.fd);
  entries_.erase(entry);
}

void Reactor::wait() {
  outer_.async_wait(asio::posix::stream_descriptor::wait_read, [this](std::error_code error) {
    if (error) return;  // the reactor is being destroyed
    deliver();
    wait();
  });
}

// Handles one batch only, so that other work can run: poll_ stays readable while events are
// left.
void Reactor::deliver() {
  std::array<platform::EdgeEvent, 16> events;
  for (const platform::EdgeEvent& event : poll_.take(events)) {
    const auto entry = entries_.find(event.token);
    if (entry == entries_.end()) continue;  // a callback of this batch ended the watch
    const std::shared_ptr<Callback> callback = entry->second.callback;
    (*callback)(event);
  }
}

}  // namespace bellhop::channel
