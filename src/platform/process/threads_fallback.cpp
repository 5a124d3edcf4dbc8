#include "platform/process/threads.h"

namespace bellhop::platform {

void start_with_signals_blocked(const std::function<void()>& start) {
  start();
}

}  // namespace bellhop::platform
