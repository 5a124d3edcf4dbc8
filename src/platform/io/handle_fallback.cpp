#include "platform/io/handle.h"

namespace bellhop::platform {

void close_handle(NativeHandle) {}

}  // namespace bellhop::platform
