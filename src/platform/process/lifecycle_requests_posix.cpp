#include <signal.h>

#include <array>
#include <asio/post.hpp>
#include <asio/signal_set.hpp>
#include <system_error>
#include <utility>

#include "platform/process/lifecycle_requests.h"
#include "platform/process/signals_posix.h"

namespace bellhop::platform {
namespace {

constexpr std::array handled_signals{SIGINT, SIGTERM, SIGUSR2};

// Loop iterations needed to drain Asio's signal pipe (read, then dispatch), twice.
constexpr int drain_rounds = 4;

}  // namespace

struct LifecycleRequests::State {
  explicit State(asio::io_context& of_agent) : loop(of_agent), signals(of_agent) {}

  void await_signal() {
    signals.async_wait([this](std::error_code cancelled, int number) {
      if (cancelled) return;
      await_signal();
      if (number == SIGUSR2) return callbacks.upgrade();
      callbacks.stop(fmt::format("received signal num {}", number));
    });
  }

  // A signal that arrived before it was blocked is in Asio's pipe and would be lost with the pipe.
  void drain(int rounds, std::function<void()> drained) {
    if (rounds == 0) return drained();
    asio::post(loop, [this, rounds, drained = std::move(drained)]() mutable {
      drain(rounds - 1, std::move(drained));
    });
  }

  asio::io_context& loop;
  asio::signal_set signals;
  Callbacks callbacks;
};

LifecycleRequests::LifecycleRequests(asio::io_context& loop)
    : state_(std::make_unique<State>(loop)) {}

LifecycleRequests::~LifecycleRequests() = default;

void LifecycleRequests::hold_until_start() {
  block_signals(std::array{SIGUSR2});
}

Result<void> LifecycleRequests::start(Callbacks callbacks) {
  state_->callbacks = std::move(callbacks);
  ::signal(SIGPIPE, SIG_IGN);
  std::error_code error;
  for (const int number : handled_signals) {
    if (!error) static_cast<void>(state_->signals.add(number, error));  // checked via `error`
  }
  if (error) return failure("cannot handle signals: {}", error.message());
  state_->await_signal();
  unblock_signals(handled_signals);
  return {};
}

void LifecycleRequests::hold(std::function<void()> held) {
  block_signals(handled_signals);
  state_->drain(drain_rounds, std::move(held));
}

void LifecycleRequests::release() {
  unblock_signals(handled_signals);
}

}  // namespace bellhop::platform
