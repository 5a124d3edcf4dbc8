#include "platform/freeze.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>

#include <cerrno>
#include <fstream>
#include <utility>

#include "platform/linux/mountinfo.h"
#include "platform/posix/unique_fd.h"

namespace bellhop::platform {
namespace {

class LinuxFilesystem final : public Filesystem {
 public:
  LinuxFilesystem(UniqueFd fd, std::string mountpoint)
      : fd_(std::move(fd)), mountpoint_(std::move(mountpoint)) {}

  Result<bool> freeze() override {
    if (::ioctl(fd_.get(), FIFREEZE, 0) == 0) return true;
    // EOPNOTSUPP: this kind of filesystem cannot. EBUSY: it is frozen.
    if (errno == EOPNOTSUPP || errno == EBUSY) return false;
    return system_failure(errno, "failed to freeze {}", mountpoint_);
  }

  Result<bool> thaw() override {
    bool was_frozen = false;
    while (::ioctl(fd_.get(), FITHAW, 0) == 0) was_frozen = true;
    // EINVAL: it is not frozen, or not any more.
    if (errno == EINVAL || errno == EOPNOTSUPP || errno == ENOTTY) return was_frozen;
    return system_failure(errno, "failed to thaw {}", mountpoint_);
  }

 private:
  UniqueFd fd_;
  std::string mountpoint_;
};

class LinuxFilesystems final : public Filesystems {
 public:
  Result<std::vector<std::string>> mountpoints() override {
    std::ifstream table("/proc/self/mountinfo");
    if (!table) return system_failure(errno, "failed to open /proc/self/mountinfo");
    return disk_mountpoints(table);
  }

  Result<std::unique_ptr<Filesystem>> open(const std::string& mountpoint) override {
    UniqueFd fd(::open(mountpoint.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    if (!fd) return system_failure(errno, "failed to open {}", mountpoint);
    return std::make_unique<LinuxFilesystem>(std::move(fd), mountpoint);
  }
};

}  // namespace

std::unique_ptr<Filesystems> system_filesystems() {
  return std::make_unique<LinuxFilesystems>();
}

}  // namespace bellhop::platform
