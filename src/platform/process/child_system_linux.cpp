// SPDX-License-Identifier: Apache-2.0
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
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

bool close_from(int first) {
  if (::syscall(SYS_close_range, first, ~0U, 0) == 0) return true;
  // Kernels before 5.9 have no close_range(2). No fd is above the limit, unless the limit has been
  // lowered.
  rlimit limit;
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return false;
  const int end = static_cast<int>(std::min<rlim_t>(limit.rlim_cur, 1 << 20));
  for (int descriptor = first; descriptor < end; ++descriptor) ::close(descriptor);
  return true;
}

std::string descriptor_path(int descriptor) {
  return fmt::format("/proc/self/fd/{}", descriptor);
}

bool drop_capabilities() {
  // The user must not read this process's copy of the agent's memory. Not every setting of
  // fs.suid_dumpable prevents that.
  if (::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) return false;
  __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  const __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {};
  return ::syscall(SYS_capset, &header, none) == 0;
}

}  // namespace bellhop::platform
