// SPDX-License-Identifier: Apache-2.0
// Signal masks and actions for new threads and processes.
#pragma once

#include <signal.h>

#include <span>

namespace bellhop::platform {

// The signal of a process that requests a live upgrade and waits for the result. The kernel does
// not merge pending real-time signals, so that each sender gets the result. A number instead of
// SIGRTMIN + 8, because SIGRTMIN differs between C libraries. systemd does not use this one.
inline constexpr int upgrade_request_signal = 42;

// Blocks all signals in the constructing thread for its lifetime. Threads and processes that are
// started meanwhile inherit the mask. Preserves errno.
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

// Call it right before execve() in a child that was forked under a ScopedSignalBlock. Sets the
// default action for the signals that the agent handles and, as in GLib, for CHLD, INT, TERM, HUP
// and PIPE; other signals that the agent ignores stay ignored. Then unblocks all signals. Makes
// only system calls: safe after vfork().
void reset_child_signals();

// Blocks signals in the calling thread and in the threads that it starts. They stay pending, also
// across execve(). Returns the set of these signals.
sigset_t block_signals(std::span<const int> signals);

}  // namespace bellhop::platform
