// An fd that reports when a child process has ended.
#pragma once

#include <sys/types.h>

#include "base/error.h"
#include "platform/io/handle.h"

namespace bellhop::platform {

// Becomes readable or hung up, for poll and epoll, when `child` has ended. Does not reap the child:
// the caller does. Where the kernel has no pidfd_open(2) (before 5.3), a thread waits for the
// child.
Result<Handle> exit_descriptor(pid_t child);

// Always uses a thread. For tests.
Result<Handle> exit_descriptor_by_thread(pid_t child);

}  // namespace bellhop::platform
