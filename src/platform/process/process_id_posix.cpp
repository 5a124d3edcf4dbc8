// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include "platform/process/process_id.h"

namespace bellhop::platform {

ProcessId current_pid() {
  return ::getpid();
}

}  // namespace bellhop::platform
