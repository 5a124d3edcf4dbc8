#include "platform/process/signals_posix.h"

namespace bellhop::platform {

// The actions come first: a handler of the agent's must not run in a child.
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

}  // namespace bellhop::platform
