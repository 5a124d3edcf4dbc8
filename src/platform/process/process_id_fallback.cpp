#include "platform/process/process_id.h"

namespace bellhop::platform {

// Not known; no record of another process is ever read here.
ProcessId current_pid() {
  return 0;
}

}  // namespace bellhop::platform
