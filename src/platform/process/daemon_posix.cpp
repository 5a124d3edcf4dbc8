#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <utility>

#include "platform/io/io_posix.h"
#include "platform/process/daemon.h"

namespace bellhop::platform {
namespace {

// The launcher's exit status when the daemon did not report that it is ready.
int status_of_failed(pid_t child) {
  int status = 0;
  const pid_t ended = retry_on_eintr([&] { return ::waitpid(child, &status, 0); });
  if (ended != child || !WIFEXITED(status)) return EXIT_FAILURE;
  return WEXITSTATUS(status);
}

int wait_for(pid_t child, int pipe) {
  char ready = 0;
  const auto count = retry_on_eintr([&] { return ::read(pipe, &ready, 1); });
  return count == 1 ? EXIT_SUCCESS : status_of_failed(child);
}

Result<void> redirect_standard_descriptors() {
  const Handle null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  if (!null) return system_failure(errno, "cannot open '/dev/null'");
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::dup2(null.get(), fd) < 0)
      return system_failure(errno, "cannot redirect descriptor {}", fd);
  }
  return {};
}

}  // namespace

Result<Daemon> Daemon::start() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return system_failure(errno, "failed to daemonize");
  Handle read_end(ends[0]);
  Handle write_end(ends[1]);
  const pid_t child = ::fork();
  if (child < 0) return system_failure(errno, "failed to daemonize");
  Daemon daemon;
  if (child == 0) {
    ::umask(077);
    daemon.ready_ = std::move(write_end);
  } else {
    write_end.reset();
    daemon.status_ = wait_for(child, read_end.get());
  }
  return daemon;
}

Result<void> Daemon::detach() {
  if (::setsid() < 0) return system_failure(errno, "failed to daemonize");
  if (::chdir("/") != 0) return system_failure(errno, "failed to daemonize");
  if (auto redirected = redirect_standard_descriptors(); !redirected) return redirected;
  const char ready = 1;
  // Fails when the launcher has been killed, which does not matter.
  [[maybe_unused]] const ssize_t written = ::write(ready_.get(), &ready, 1);
  ready_.reset();
  return {};
}

}  // namespace bellhop::platform
