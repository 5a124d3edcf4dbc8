#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "platform/io/edge_poll.h"
#include "platform/io/handle.h"

namespace bellhop::platform {
namespace {

epoll_event interest(std::uint64_t token, bool writable) {
  epoll_event event{};
  event.events = EPOLLIN | EPOLLRDHUP | EPOLLET;
  if (writable) event.events |= EPOLLOUT;
  event.data.u64 = token;
  return event;
}

}  // namespace

struct EdgePoll::Set {
  Handle epoll;
};

EdgePoll::EdgePoll(std::unique_ptr<Set> set) : set_(std::move(set)) {}
EdgePoll::EdgePoll(EdgePoll&&) noexcept = default;
EdgePoll& EdgePoll::operator=(EdgePoll&&) noexcept = default;
EdgePoll::~EdgePoll() = default;

Result<EdgePoll> EdgePoll::create() {
  Handle epoll(epoll_create1(EPOLL_CLOEXEC));
  if (!epoll) return system_failure(errno, "cannot create an epoll instance");
  return EdgePoll(std::make_unique<Set>(Set{std::move(epoll)}));
}

int EdgePoll::descriptor() const {
  return set_->epoll.get();
}

Result<void> EdgePoll::add(int fd, std::uint64_t token) {
  epoll_event event = interest(token, false);
  if (epoll_ctl(set_->epoll.get(), EPOLL_CTL_ADD, fd, &event) != 0) {
    return system_failure(errno, "cannot watch descriptor {}", fd);
  }
  return {};
}

void EdgePoll::await_writable(int fd, std::uint64_t token, bool wanted) {
  epoll_event event = interest(token, wanted);
  epoll_ctl(set_->epoll.get(), EPOLL_CTL_MOD, fd, &event);
}

void EdgePoll::remove(int fd) {
  epoll_ctl(set_->epoll.get(), EPOLL_CTL_DEL, fd, nullptr);
}

std::span<EdgeEvent> EdgePoll::take(std::span<EdgeEvent> events) {
  std::array<epoll_event, 16> raw;
  const std::size_t room = std::min(raw.size(), events.size());
  const int count = epoll_wait(set_->epoll.get(), raw.data(), static_cast<int>(room), 0);
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = raw[static_cast<std::size_t>(i)];
    events[static_cast<std::size_t>(i)] = {
        .token = event.data.u64,
        .readable = (event.events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0,
        .writable = (event.events & (EPOLLOUT | EPOLLERR)) != 0,
        .input_ends = (event.events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0,
        .hung_up = (event.events & EPOLLHUP) != 0};
  }
  return events.first(static_cast<std::size_t>(std::max(count, 0)));
}

}  // namespace bellhop::platform
