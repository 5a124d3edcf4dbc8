// Signals around a new thread or process.
#pragma once

#include <signal.h>

namespace bellhop::platform {

// While it lives, the thread that made it takes no signals. A thread or process that is started
// meanwhile begins like that. Leaves errno as it is.
class ScopedSignalBlock {
 public:
  ScopedSignalBlock() {
    sigset_t all;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~ScopedSignalBlock() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  ScopedSignalBlock(const ScopedSignalBlock&) = delete;
  ScopedSignalBlock& operator=(const ScopedSignalBlock&) = delete;

 private:
  sigset_t before_;
};

// For a child that began while ScopedSignalBlock lived, right before its execve(): no signal
// blocked, and as GLib's children have it, the default action for those that the agent handles and
// for CHLD, INT, TERM, HUP and PIPE; others that the agent ignores, the program ignores. Makes
// system calls only, so it may be called after vfork().
void reset_child_signals();

}  // namespace bellhop::platform
