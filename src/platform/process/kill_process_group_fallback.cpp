#include "platform/process/kill_process_group.h"

namespace bellhop::platform {

// Nothing is started here that could be ended.
void kill_process_group(std::int64_t) {}

}  // namespace bellhop::platform
