#include "platform/process/signals_posix.h"
#include "platform/process/threads.h"

namespace bellhop::platform {

void start_with_signals_blocked(const std::function<void()>& start) {
  const ScopedSignalBlock held;
  start();
}

}  // namespace bellhop::platform
