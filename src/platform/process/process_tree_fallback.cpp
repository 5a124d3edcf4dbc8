// SPDX-License-Identifier: Apache-2.0
#include "platform/process/process_tree.h"

namespace bellhop::platform {

// Nothing can be started.
void kill_process_tree(ProcessId, std::string_view, std::chrono::milliseconds) {}

}  // namespace bellhop::platform
