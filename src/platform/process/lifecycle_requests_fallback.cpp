#include <asio/post.hpp>
#include <utility>

#include "platform/process/lifecycle_requests.h"

namespace bellhop::platform {

struct LifecycleRequests::State {
  asio::io_context& loop;
};

LifecycleRequests::LifecycleRequests(asio::io_context& loop)
    : state_(std::make_unique<State>(State{loop})) {}

LifecycleRequests::~LifecycleRequests() = default;

void LifecycleRequests::hold_until_start() {}

// No request ever arrives: the operating system ends the process without notice.
Result<void> LifecycleRequests::start(Callbacks) {
  return {};
}

void LifecycleRequests::hold(std::function<void()> held) {
  asio::post(state_->loop, std::move(held));
}

void LifecycleRequests::release() {}

}  // namespace bellhop::platform
