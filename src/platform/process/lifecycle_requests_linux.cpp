// SPDX-License-Identifier: Apache-2.0
#include <signal.h>
#include <sys/signalfd.h>

#include <array>
#include <asio/posix/stream_descriptor.hpp>
#include <cerrno>
#include <system_error>
#include <utility>

#include "platform/io/handle.h"
#include "platform/process/lifecycle_requests.h"
#include "platform/process/signals_posix.h"
#include "platform/process/upgrade_request.h"

namespace bellhop::platform {

// The signals stay blocked and are read from a signalfd. One that has not been read is pending in
// the kernel, which keeps it across execve().
struct LifecycleRequests::State {
  explicit State(asio::io_context& loop) : signals(loop) {}

  void await_signal() {
    signals.async_wait(asio::posix::stream_descriptor::wait_read, [this](std::error_code error) {
      if (error) return;  // this object is being destroyed
      await_signal();
      signalfd_siginfo signal{};
      if (::read(signals.native_handle(), &signal, sizeof signal) == sizeof signal) deliver(signal);
    });
  }

  void deliver(const signalfd_siginfo& signal) {
    const int number = static_cast<int>(signal.ssi_signo);
    if (number == SIGUSR2) return callbacks.upgrade({});
    if (number == upgrade_request_signal) {
      // Only sigqueue() sends the number of a descriptor.
      const bool has_descriptor = signal.ssi_code == SI_QUEUE;
      return callbacks.upgrade(has_descriptor ? open_requester(signal.ssi_pid, signal.ssi_int)
                                              : Handle());
    }
    callbacks.stop(fmt::format("received signal num {}", number));
  }

  asio::posix::stream_descriptor signals;
  Callbacks callbacks;
};

LifecycleRequests::LifecycleRequests(asio::io_context& loop)
    : state_(std::make_unique<State>(loop)) {}

LifecycleRequests::~LifecycleRequests() = default;

void LifecycleRequests::hold_until_start() {
  block_signals(std::array{SIGUSR2, upgrade_request_signal});
}

Result<void> LifecycleRequests::start(Callbacks callbacks) {
  state_->callbacks = std::move(callbacks);
  ::signal(SIGPIPE, SIG_IGN);
  const sigset_t set = block_signals(std::array{SIGINT, SIGTERM, SIGUSR2, upgrade_request_signal});
  Handle descriptor(::signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC));
  if (!descriptor) return system_failure(errno, "cannot handle signals");
  state_->signals.assign(descriptor.release());
  state_->await_signal();
  return {};
}

}  // namespace bellhop::platform
