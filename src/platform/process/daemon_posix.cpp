// SPDX-License-Identifier: Apache-2.0
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <utility>

#include "platform/io/pipe_posix.h"
#include "platform/process/child_posix.h"
#include "platform/process/daemon.h"

namespace bellhop::platform {
namespace {

int wait_for(pid_t child, const Handle& ready) {
  if (read_report<char>(ready)) return EXIT_SUCCESS;
  return reap(child).exit_code.value_or(EXIT_FAILURE);
}

Result<void> redirect_standard_descriptors() {
  TRY_ASSIGN(const auto null, open_null(O_RDWR));
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::dup2(null.get(), fd) < 0)
      return system_failure(errno, "cannot redirect descriptor {}", fd);
  }
  return {};
}

}  // namespace

Result<Daemon> Daemon::start() {
  auto pipe = make_pipe();
  if (!pipe) return system_failure(pipe.error().system.value(), "failed to daemonize");
  const pid_t child = ::fork();
  if (child < 0) return system_failure(errno, "failed to daemonize");
  Daemon daemon;
  if (child == 0) {
    ::umask(077);
    daemon.ready_ = std::move(pipe->write);
  } else {
    pipe->write.reset();
    daemon.status_ = wait_for(child, pipe->read);
  }
  return daemon;
}

Result<void> Daemon::detach() {
  if (::setsid() < 0) return system_failure(errno, "failed to daemonize");
  if (::chdir("/") != 0) return system_failure(errno, "failed to daemonize");
  TRY(redirect_standard_descriptors());
  // Fails if the launcher has been killed, which does not matter.
  write_report(ready_.get(), char{1});
  ready_.reset();
  return {};
}

}  // namespace bellhop::platform
