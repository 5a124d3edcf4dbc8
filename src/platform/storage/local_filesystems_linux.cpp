// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include <cerrno>
#include <fstream>
#include <limits>
#include <system_error>
#include <utility>

#include "platform/io/handle.h"
#include "platform/storage/local_filesystems.h"
#include "platform/storage/mountinfo_linux.h"
#include "platform/storage/open_place_linux.h"
#include "platform/storage/storage_order_linux.h"

namespace bellhop::platform {
namespace {

class LinuxFilesystem final : public Filesystem {
 public:
  LinuxFilesystem(Handle fd, std::string mountpoint)
      : fd_(std::move(fd)), mountpoint_(std::move(mountpoint)) {}

  Result<FreezeOutcome> freeze() override {
    if (::ioctl(fd_.get(), FIFREEZE, 0) == 0) return FreezeOutcome::frozen;
    if (errno == EOPNOTSUPP) return FreezeOutcome::unsupported;
    if (errno == EBUSY) return FreezeOutcome::already_frozen;
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

// Opens a filesystem through one place after another.
class Opener {
 public:
  // Of a directory.
  Handle open_directory(const MountPlace& place) {
    auto opened = open_place(place);
    if (!opened) {
      fail(opened.error().system);
      return {};
    }
    if (!*opened) return {};
    struct statx facts{};
    // As cached: opening it shows whether its server answers.
    constexpr int flags = AT_EMPTY_PATH | AT_STATX_DONT_SYNC;
    if (::statx(opened->get(), "", flags, STATX_TYPE, &facts) != 0) fail_with_errno();
    if (S_ISDIR(facts.stx_mode)) {
      return checked(::openat(opened->get(), ".", flags_of_open | O_DIRECTORY));
    }
    if (S_ISREG(facts.stx_mode)) files_.push_back(*std::move(opened));
    has_other_ = has_other_ || facts.stx_mode != 0;
    return {};
  }

  // Of a regular file at one of the places.
  Handle open_file() {
    for (const Handle& file : files_) {
      Handle fd =
          checked(::open(fmt::format("/proc/self/fd/{}", file.get()).c_str(), flags_of_open));
      if (fd) return fd;
    }
    return {};
  }

  // Why there was nothing to open: the first error; none if no place leads to the filesystem.
  std::error_code error() const {
    if (error_ || !has_other_) return error_;
    return std::make_error_code(std::errc::not_a_directory);
  }

 private:
  static constexpr int flags_of_open = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;

  Handle checked(NativeHandle fd) {
    if (fd == no_handle) fail_with_errno();
    return Handle(fd);
  }
  void fail_with_errno() { fail(std::error_code(errno, std::generic_category())); }
  void fail(std::error_code error) {
    if (!error_) error_ = error;
  }

  std::vector<Handle> files_;
  bool has_other_ = false;  // a place that is no directory
  std::error_code error_;
};

class LinuxFilesystems final : public Filesystems {
 public:
  Result<std::vector<LocalFilesystem>> list() override {
    TRY_ASSIGN(auto table, open_table());
    auto found = disk_filesystems(table);
    add_device_names(found, "/");
    std::vector<LocalFilesystem> filesystems;
    for (DiskFilesystem& one : sort_by_storage_order(std::move(found), "/")) {
      filesystems.push_back(std::move(one.mounted));
    }
    return filesystems;
  }

  Result<std::vector<std::string>> mountpoints() override {
    TRY_ASSIGN(auto table, open_table());
    std::vector<std::string> mountpoints;
    for (std::string line; std::getline(table, line);) {
      if (auto mount = parse_mountinfo_line(line)) {
        mountpoints.push_back(std::move(mount->mountpoint));
      }
    }
    return mountpoints;
  }

  Result<std::unique_ptr<Filesystem>> open(const LocalFilesystem& filesystem) override {
    return hold(filesystem, true);
  }

  Result<std::unique_ptr<Filesystem>> open_directory(const LocalFilesystem& filesystem) override {
    return hold(filesystem, false);
  }

  std::unique_ptr<Filesystem> restore(Handle descriptor, std::string mountpoint) override {
    return std::make_unique<LinuxFilesystem>(std::move(descriptor), std::move(mountpoint));
  }

 private:
  static Result<std::ifstream> open_table() {
    std::ifstream table("/proc/self/mountinfo");
    if (!table) return system_failure(errno, "failed to open /proc/self/mountinfo");
    return table;
  }

  static Result<std::unique_ptr<Filesystem>> hold(const LocalFilesystem& filesystem,
                                                  bool accept_file) {
    Opener opener;
    Handle fd;
    for (const MountPlace& place : filesystem.places) {
      if (!fd && !place.hidden) fd = opener.open_directory(place);
    }
    if (!fd && accept_file) fd = opener.open_file();
    if (fd) return std::make_unique<LinuxFilesystem>(std::move(fd), filesystem.mountpoint);
    if (!opener.error()) return nullptr;
    return system_failure(opener.error(), "failed to open {}", filesystem.mountpoint);
  }
};

}  // namespace

std::unique_ptr<Filesystems> system_filesystems() {
  return std::make_unique<LinuxFilesystems>();
}

}  // namespace bellhop::platform
