// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <limits>
#include <utility>

#include "platform/io/handle.h"
#include "platform/storage/local_filesystems.h"
#include "platform/storage/storage_order_linux.h"

namespace bellhop::platform {
namespace {

class LinuxFilesystem final : public Filesystem {
 public:
  LinuxFilesystem(Handle fd, std::string mountpoint)
      : fd_(std::move(fd)), mountpoint_(std::move(mountpoint)) {}

  Result<bool> freeze() override {
    if (::ioctl(fd_.get(), FIFREEZE, 0) == 0) return true;
    // EOPNOTSUPP: this kind of filesystem cannot be frozen. EBUSY: it is already frozen.
    if (errno == EOPNOTSUPP || errno == EBUSY) return false;
    return system_failure(errno, "failed to freeze {}", mountpoint_);
  }

  Result<bool> thaw() override {
    bool was_frozen = false;
    while (::ioctl(fd_.get(), FITHAW, 0) == 0) was_frozen = true;
    // EINVAL: it is not frozen, or no longer frozen.
    if (errno == EINVAL || errno == EOPNOTSUPP || errno == ENOTTY) return was_frozen;
    return system_failure(errno, "failed to thaw {}", mountpoint_);
  }

  Result<Trimmed> trim(std::uint64_t minimum) override {
    fstrim_range range{
        .start = 0, .len = std::numeric_limits<std::uint64_t>::max(), .minlen = minimum};
    if (::ioctl(fd_.get(), FITRIM, &range) == 0) {
      return Trimmed{.bytes = range.len, .minimum = range.minlen};
    }
    if (errno == ENOTTY || errno == EOPNOTSUPP) return failure("trim not supported");
    return system_failure(errno, "failed to trim");
  }

  NativeHandle descriptor() const override { return fd_.get(); }

 private:
  Handle fd_;
  std::string mountpoint_;
};

// Whether the fd is on that mount. Assumes so on kernels before 5.8, which do not report the mount.
bool leads_to(const Handle& fd, std::uint64_t mount) {
  struct statx facts{};
  if (::statx(fd.get(), "", AT_EMPTY_PATH, STATX_MNT_ID, &facts) != 0) return true;
  return (facts.stx_mask & STATX_MNT_ID) == 0 || facts.stx_mnt_id == mount;
}

class LinuxFilesystems final : public Filesystems {
 public:
  Result<std::vector<LocalFilesystem>> list() override {
    std::ifstream table("/proc/self/mountinfo");
    if (!table) return system_failure(errno, "failed to open /proc/self/mountinfo");
    std::vector<LocalFilesystem> filesystems;
    for (DiskFilesystem& one : sort_by_storage_order(disk_filesystems(table), "/")) {
      filesystems.push_back(std::move(one.mounted));
    }
    return filesystems;
  }

  Result<std::unique_ptr<Filesystem>> open(const LocalFilesystem& filesystem) override {
    int error = 0;
    for (const auto& place : filesystem.places) {
      Handle fd(::open(place.path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
      if (fd && leads_to(fd, place.mount)) {
        return std::make_unique<LinuxFilesystem>(std::move(fd), filesystem.mountpoint);
      }
      if (!fd && error == 0) error = errno;
    }
    if (error != 0) return system_failure(error, "failed to open {}", filesystem.mountpoint);
    return nullptr;
  }

  std::unique_ptr<Filesystem> restore(Handle descriptor, std::string mountpoint) override {
    return std::make_unique<LinuxFilesystem>(std::move(descriptor), std::move(mountpoint));
  }
};

}  // namespace

bool may_be_frozen(const std::string& path) {
  const std::string directory = std::filesystem::path(path).parent_path().string();
  struct statfs status{};
  if (::statfs(directory.empty() ? "." : directory.c_str(), &status) != 0) return true;
  return status.f_type != TMPFS_MAGIC && status.f_type != RAMFS_MAGIC;
}

std::unique_ptr<Filesystems> system_filesystems() {
  return std::make_unique<LinuxFilesystems>();
}

}  // namespace bellhop::platform
