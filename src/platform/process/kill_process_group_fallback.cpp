#include "platform/process/kill_process_group.h"

namespace bellhop::platform {

// No process is ever started here.
void kill_process_group(ProcessId) {}

}  // namespace bellhop::platform
