// SPDX-License-Identifier: Apache-2.0
#include "platform/process/signals_posix.h"

namespace bellhop::platform {

// The actions come first: the agent's handlers must not run in a child.
void reset_child_signals() {
  for (int number = 1; number < NSIG; ++number) {
    struct sigaction action = {};
    if (::sigaction(number, nullptr, &action) != 0 || action.sa_handler == SIG_DFL) continue;
    const bool reset = action.sa_handler != SIG_IGN || number == SIGCHLD || number == SIGINT ||
                       number == SIGTERM || number == SIGHUP || number == SIGPIPE;
    if (!reset) continue;
    action = {};
    action.sa_handler = SIG_DFL;
    ::sigaction(number, &action, nullptr);
  }
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

sigset_t block_signals(std::span<const int> signals) {
  sigset_t set;
  ::sigemptyset(&set);
  for (const int number : signals) ::sigaddset(&set, number);
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
  return set;
}

}  // namespace bellhop::platform
