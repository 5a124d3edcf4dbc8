#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "platform/process/child_posix.h"

namespace bellhop::platform {

Result<Handle> exit_descriptor(pid_t child) {
  Handle descriptor(static_cast<int>(::syscall(SYS_pidfd_open, child, 0)));
  if (descriptor) return descriptor;
  // EPERM: a seccomp filter that is older than the system call.
  if (errno == ENOSYS || errno == EPERM) return exit_descriptor_by_thread(child);
  return system_failure(errno, "cannot watch process {}", child);
}

}  // namespace bellhop::platform
