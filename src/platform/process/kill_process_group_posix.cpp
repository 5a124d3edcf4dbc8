#include <signal.h>  // NOLINT(modernize-deprecated-headers): kill(2) is not in <csignal>
#include <unistd.h>

#include "platform/process/kill_process_group.h"

namespace bellhop::platform {

void kill_process_group(ProcessId process) {
  const auto pid = static_cast<pid_t>(process);
  if (pid <= 1) return;  // kill(2) with 0 or -1: the agent's own group or every process
  if (::getpgid(pid) == pid) ::kill(-pid, SIGKILL);
  ::kill(pid, SIGKILL);
}

}  // namespace bellhop::platform
