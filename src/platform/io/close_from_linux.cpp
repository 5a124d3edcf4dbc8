#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>

#include "platform/io/close_from_posix.h"

namespace bellhop::platform {

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

}  // namespace bellhop::platform
