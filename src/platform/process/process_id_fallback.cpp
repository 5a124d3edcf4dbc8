// SPDX-License-Identifier: Apache-2.0
#include "platform/process/process_id.h"

namespace bellhop::platform {

// Unknown. No record of another process is ever read here.
ProcessId current_pid() {
  return 0;
}

}  // namespace bellhop::platform
