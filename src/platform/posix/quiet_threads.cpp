#include "platform/quiet_threads.h"

#include "platform/posix/signals.h"

namespace bellhop::platform {

void start_with_signals_blocked(const std::function<void()>& start) {
  const ScopedSignalBlock held;
  start();
}

}  // namespace bellhop::platform
