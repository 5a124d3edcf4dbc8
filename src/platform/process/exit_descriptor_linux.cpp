#include "platform/process/exit_descriptor_linux.h"

#include <pthread.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <csignal>
#include <memory>
#include <utility>

#include "platform/io/io_posix.h"
#include "platform/io/pipe_posix.h"
#include "platform/process/signals_posix.h"

namespace bellhop::platform {
namespace {

struct Wait {
  pid_t child;
  Handle hangs_up_at_end;
};

void* wait_for_child(void* argument) {
  const std::unique_ptr<Wait> wait(static_cast<Wait*>(argument));
  siginfo_t info;
  // WNOWAIT leaves the child unreaped, so its pid is not reused.
  const auto id = static_cast<id_t>(wait->child);
  retry_on_eintr([&] { return ::waitid(P_PID, id, &info, WEXITED | WNOWAIT); });
  return nullptr;
}

// Returns 0 or an errno value. The thread blocks all signals; other threads of the agent handle
// them.
int start_detached(std::unique_ptr<Wait> wait) {
  pthread_attr_t attributes;
  ::pthread_attr_init(&attributes);
  ::pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  ::pthread_attr_setstacksize(&attributes, 256 * 1024);
  const ScopedSignalBlock held;
  pthread_t thread;
  const int error = ::pthread_create(&thread, &attributes, wait_for_child, wait.get());
  if (error == 0) static_cast<void>(wait.release());
  ::pthread_attr_destroy(&attributes);
  return error;
}

}  // namespace

Result<Handle> exit_descriptor_by_thread(pid_t child) {
  auto pipe = make_pipe();
  if (!pipe) return std::unexpected(std::move(pipe).error());
  auto wait = std::make_unique<Wait>(Wait{child, std::move(pipe->write)});
  const int error = start_detached(std::move(wait));
  if (error != 0) return system_failure(error, "cannot start a thread to wait for a process");
  return std::move(pipe->read);
}

Result<Handle> exit_descriptor(pid_t child) {
  Handle descriptor(static_cast<int>(::syscall(SYS_pidfd_open, child, 0)));
  if (descriptor) return descriptor;
  // EPERM: a seccomp filter that is older than the system call.
  if (errno == ENOSYS || errno == EPERM) return exit_descriptor_by_thread(child);
  return system_failure(errno, "cannot watch process {}", child);
}

}  // namespace bellhop::platform
