// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "platform/io/io_posix.h"
#include "platform/process/pid_file.h"

namespace bellhop::platform {
namespace {

// True if `path` leads to the file that is open as `fd`.
bool leads_to(const std::string& path, int fd) {
  struct stat named{};
  struct stat opened{};
  return ::stat(path.c_str(), &named) == 0 && ::fstat(fd, &opened) == 0 &&
         named.st_dev == opened.st_dev && named.st_ino == opened.st_ino;
}

struct flock lock_on_whole_file() {
  struct flock lock{};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  return lock;
}

Result<void> lock(const std::string& path, int fd) {
  const struct flock whole = lock_on_whole_file();
  if (::fcntl(fd, F_SETLK, &whole) == 0) return {};
  return system_failure(errno, "Cannot lock pid file '{}'", path);
}

Result<void> write_number(const std::string& path, int fd, ProcessId number) {
  const std::string text = fmt::format("{}\n", number);
  if (::ftruncate(fd, 0) != 0)
    return system_failure(errno, "Failed to truncate pid file '{}'", path);
  const int reason = write_all(fd, text);
  if (reason != 0) return system_failure(reason, "Failed to write pid file '{}'", path);
  return {};
}

}  // namespace

Result<PidFile> PidFile::create(std::string path) {
  while (true) {
    Handle fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    if (!fd) return system_failure(errno, "Could not create '{}'", path);
    TRY(lock(path, fd.get()));
    // The previous owner may have removed the file between open() and lock(): then try again.
    if (!leads_to(path, fd.get())) continue;
    const ProcessId number = current_pid();
    auto written = write_number(path, fd.get(), number);
    PidFile file(std::move(path), std::move(fd), number);  // removes a partly written file
    if (!written) return std::unexpected(std::move(written).error());
    return file;
  }
}

Result<ProcessId> PidFile::owner(const std::string& path) {
  const Handle fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return system_failure(errno, "cannot open pid file '{}'", path);
  struct flock held = lock_on_whole_file();
  if (::fcntl(fd.get(), F_GETLK, &held) != 0) {
    return system_failure(errno, "cannot find out who has locked pid file '{}'", path);
  }
  if (held.l_type == F_UNLCK) return failure("no process has locked pid file '{}'", path);
  return held.l_pid;
}

PidFile PidFile::restore(std::string path, Handle descriptor) {
  return PidFile(std::move(path), std::move(descriptor), current_pid());
}

PidFile::~PidFile() {
  if (fd_ && owner_ == current_pid() && leads_to(path_, fd_.get())) ::unlink(path_.c_str());
}

}  // namespace bellhop::platform
