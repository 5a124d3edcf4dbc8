#include "platform/end_process.h"

namespace bellhop::platform {

// Nothing is started here that could be ended.
void end_process(std::int64_t) {}

}  // namespace bellhop::platform
