#include "platform/quiet_threads.h"

#include "platform/posix/signals.h"

namespace bellhop::platform {

void start_quietly(const std::function<void()>& start) {
  const SignalsHeld held;
  start();
}

}  // namespace bellhop::platform
