// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <utility>

#include "platform/io/handle.h"
#include "platform/io/io_posix.h"
#include "platform/io/small_file.h"

namespace bellhop::platform {
namespace {

constexpr std::size_t size_limit = std::size_t{64} * 1024;

// Writes a new file with the permissions of `old_path`, if that exists. Returns 0 or an errno
// value.
int create(const std::string& path, const std::string& old_path, std::string_view content) {
  ::unlink(path.c_str());  // left over from a process that did not finish
  Handle fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
  if (!fd) return errno;
  struct stat old{};
  if (::stat(old_path.c_str(), &old) == 0 && ::fchmod(fd.get(), old.st_mode & 07777) != 0) {
    return errno;
  }
  if (const int reason = write_all(fd.get(), content)) return reason;
  if (::fsync(fd.get()) != 0) return errno;
  return ::close(fd.release()) == 0 ? 0 : errno;
}

// A rename survives a power failure only once its directory is on disk. Not every filesystem can
// sync a directory. Errors are ignored, because failing would gain nothing.
void sync_directory_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  const std::string directory = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  const Handle fd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (fd) ::fsync(fd.get());
}

Result<std::optional<std::string>> read_regular_file(const std::string& path, int flags) {
  const Handle fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | flags));
  if (!fd && errno == ENOENT) return std::nullopt;
  if (!fd && errno == ELOOP && (flags & O_NOFOLLOW) != 0) {
    return failure("cannot read {}: it is a symbolic link", path);
  }
  struct stat status{};
  if (!fd || ::fstat(fd.get(), &status) != 0) return system_failure(errno, "cannot read {}", path);
  if (!S_ISREG(status.st_mode)) return failure("cannot read {}: it is not a regular file", path);

  auto content = read_up_to(fd.get(), size_limit + 1);
  if (!content) return system_failure(content.error(), "cannot read {}", path);
  if (content->size() > size_limit) return failure("cannot read {}: it is too large", path);
  return *std::move(content);
}

}  // namespace

Result<std::string> read_file(const std::string& path, std::size_t limit) {
  const Handle fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return system_failure(errno, "cannot read {}", path);
  auto content = read_up_to(fd.get(), limit);
  if (!content) return system_failure(content.error(), "cannot read {}", path);
  return *std::move(content);
}

Result<std::optional<std::string>> read_small_file(const std::string& path) {
  return read_regular_file(path, 0);
}

Result<std::optional<std::string>> read_state_file(const std::string& path) {
  return read_regular_file(path, O_NOFOLLOW);
}

Result<void> replace_small_file(const std::string& path, std::string_view content) {
  const std::string next = path + ".new";
  int reason = create(next, path, content);
  if (reason == 0 && std::rename(next.c_str(), path.c_str()) != 0) reason = errno;
  if (reason != 0) {
    ::unlink(next.c_str());
    return system_failure(reason, "cannot write {}", path);
  }
  sync_directory_of(path);
  return {};
}

}  // namespace bellhop::platform
