#include <signal.h>  // NOLINT(modernize-deprecated-headers): kill(2) is not in <csignal>
#include <unistd.h>

#include "platform/process/kill_process_group.h"

namespace bellhop::platform {

void kill_process_group(std::int64_t process) {
  const auto pid = static_cast<pid_t>(process);
  if (pid <= 1) return;  // never a group of our own or everything (kill(2) of 0 and -1)
  if (::getpgid(pid) == pid) ::kill(-pid, SIGKILL);
  ::kill(pid, SIGKILL);
}

}  // namespace bellhop::platform
