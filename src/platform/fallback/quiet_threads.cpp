#include "platform/quiet_threads.h"

namespace bellhop::platform {

void start_quietly(const std::function<void()>& start) {
  start();
}

}  // namespace bellhop::platform
