// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "platform/io/file.h"
#include "platform/io/handle.h"
#include "platform/io/io_posix.h"

namespace bellhop::platform {
namespace {

class PosixFile : public File {
 public:
  explicit PosixFile(Handle fd) : fd_(std::move(fd)) {}

  Result<std::size_t> read(std::span<std::byte> room) override {
    const auto count = retry_on_eintr([&] { return ::read(fd_.get(), room.data(), room.size()); });
    if (count < 0) return system_failure(errno, "failed to read file");
    return static_cast<std::size_t>(count);
  }

  Result<std::size_t> write(std::span<const std::byte> bytes) override {
    const auto count =
        retry_on_eintr([&] { return ::write(fd_.get(), bytes.data(), bytes.size()); });
    if (count < 0) return system_failure(errno, "failed to write to file");
    if (count == 0) return system_failure(EIO, "failed to write to file");
    return static_cast<std::size_t>(count);
  }

  Result<std::int64_t> seek(std::int64_t offset, SeekFrom from) override {
    const int whence = from == SeekFrom::start     ? SEEK_SET
                       : from == SeekFrom::current ? SEEK_CUR
                                                   : SEEK_END;
    auto position = ::lseek(fd_.get(), offset, whence);
    // As stdio does, which qemu-ga uses: files in /proc have no end, but the size 0.
    struct stat status{};
    if (position < 0 && errno == EINVAL && from == SeekFrom::end &&
        ::fstat(fd_.get(), &status) == 0 && S_ISREG(status.st_mode)) {
      position = ::lseek(fd_.get(), status.st_size + offset, SEEK_SET);
    }
    if (position < 0) return system_failure(errno, "failed to seek file");
    return position;
  }

  Result<void> close() override {
    // Not retried on EINTR: the fd is closed, and another thread may already have reused its
    // number.
    if (::close(fd_.release()) != 0 && errno != EINTR) {
      return system_failure(errno, "failed to close handle");
    }
    return {};
  }

  NativeHandle descriptor() const override { return fd_.get(); }

 private:
  Handle fd_;
};

int open_flags(const FileMode& mode) {
  const int access = !mode.write ? O_RDONLY : !mode.read ? O_WRONLY : O_RDWR;
  // O_NONBLOCK: opening a FIFO must not wait for its other end.
  return access | O_NOCTTY | O_NONBLOCK | O_CLOEXEC | (mode.truncate ? O_TRUNC : 0) |
         (mode.append ? O_APPEND : 0);
}

}  // namespace

Result<std::unique_ptr<File>> open_file(const std::string& path, const FileMode& mode) {
  constexpr mode_t everyone = 0666;
  const int flags = open_flags(mode);
  Handle fd;
  bool created = false;
  if (mode.create) {
    // Created with mode 0. fchmod() sets the mode below, because open() would apply the umask.
    fd.reset(retry_on_eintr([&] { return ::open(path.c_str(), flags | O_CREAT | O_EXCL, 0); }));
    created = static_cast<bool>(fd);
  }
  if (!mode.create || (!fd && errno == EEXIST)) {
    fd.reset(retry_on_eintr([&] { return ::open(path.c_str(), flags); }));
  }
  if (!fd) {
    return system_failure(errno, "failed to open file '{}' (mode: '{}')", path, mode.name);
  }
  if (created && ::fchmod(fd.get(), everyone) != 0) {
    const int reason = errno;
    ::unlink(path.c_str());
    return system_failure(reason, "failed to set permission 0{:03o} on new file '{}' (mode: '{}')",
                          everyone, path, mode.name);
  }
  return std::make_unique<PosixFile>(std::move(fd));
}

std::unique_ptr<File> restore_file(Handle descriptor) {
  return std::make_unique<PosixFile>(std::move(descriptor));
}

}  // namespace bellhop::platform
