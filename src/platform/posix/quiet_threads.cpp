#include "platform/quiet_threads.h"

#include <signal.h>

namespace bellhop::platform {
namespace {

// A thread begins with the signal mask of the one that starts it.
class AllHeld {
 public:
  AllHeld() {
    sigset_t all;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~AllHeld() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  AllHeld(const AllHeld&) = delete;
  AllHeld& operator=(const AllHeld&) = delete;

 private:
  sigset_t before_;
};

}  // namespace

void start_quietly(const std::function<void()>& start) {
  const AllHeld held;
  start();
}

}  // namespace bellhop::platform
