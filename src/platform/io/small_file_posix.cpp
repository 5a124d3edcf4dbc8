#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "platform/io/handle.h"
#include "platform/io/small_file.h"

namespace bellhop::platform {
namespace {

constexpr std::size_t size_limit = std::size_t{64} * 1024;

// Writes everything, to the disk. Returns 0 or the reason.
int write_through(const Handle& fd, std::string_view content) {
  while (!content.empty()) {
    const ssize_t count = ::write(fd.get(), content.data(), content.size());
    if (count < 0 && errno != EINTR) return errno;
    if (count > 0) content.remove_prefix(static_cast<std::size_t>(count));
  }
  return ::fsync(fd.get()) == 0 ? 0 : errno;
}

// Writes a new file with the permissions that `old_path` has. Returns 0 or the reason.
int create(const std::string& path, const std::string& old_path, std::string_view content) {
  ::unlink(path.c_str());  // one that an earlier process did not finish
  Handle fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
  if (!fd) return errno;
  struct stat old{};
  if (::stat(old_path.c_str(), &old) == 0 && ::fchmod(fd.get(), old.st_mode & 07777) != 0) {
    return errno;
  }
  if (const int reason = write_through(fd, content)) return reason;
  return ::close(fd.release()) == 0 ? 0 : errno;
}

// A rename is only safe from a power failure when its directory is on disk. Not every filesystem
// can do that: then nothing is to be gained by failing.
void sync_directory_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  const std::string directory = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  const Handle fd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (fd) ::fsync(fd.get());
}

}  // namespace

Result<std::optional<std::string>> read_small_file(const std::string& path) {
  const Handle fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  if (!fd && errno == ENOENT) return std::nullopt;
  struct stat status{};
  if (!fd || ::fstat(fd.get(), &status) != 0) return system_failure(errno, "cannot read {}", path);
  if (!S_ISREG(status.st_mode)) return failure("cannot read {}: it is not a regular file", path);

  std::string content;
  char room[4096];
  for (;;) {
    const ssize_t count = ::read(fd.get(), room, sizeof room);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return system_failure(errno, "cannot read {}", path);
    if (count == 0) return content;
    content.append(room, static_cast<std::size_t>(count));
    if (content.size() > size_limit) return failure("cannot read {}: it is too large", path);
  }
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
