#include "platform/process/signals_posix.h"

namespace bellhop::platform {
namespace {

void change_mask(int how, std::span<const int> signals) {
  sigset_t set;
  ::sigemptyset(&set);
  for (const int number : signals) ::sigaddset(&set, number);
  ::pthread_sigmask(how, &set, nullptr);
}

}  // namespace

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

void block_signals(std::span<const int> signals) {
  change_mask(SIG_BLOCK, signals);
}

void unblock_signals(std::span<const int> signals) {
  change_mask(SIG_UNBLOCK, signals);
}

}  // namespace bellhop::platform
