#include "platform/process/child_posix.h"

namespace bellhop::platform {

Result<Handle> exit_descriptor(pid_t child) {
  return exit_descriptor_by_thread(child);
}

}  // namespace bellhop::platform
