// SPDX-License-Identifier: Apache-2.0
#include "platform/storage/open_place_linux.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>

namespace bellhop::platform {
namespace {

// Whether the fd is on the filesystem that is mounted at the place.
bool leads_to(const Handle& fd, const MountPlace& place) {
  struct statx facts{};
  // A server that does not answer is not asked.
  constexpr int flags = AT_EMPTY_PATH | AT_STATX_DONT_SYNC;
  if (::statx(fd.get(), "", flags, STATX_MNT_ID, &facts) != 0) return true;
  const bool has_mount = (facts.stx_mask & STATX_MNT_ID) != 0;
  if (has_mount && facts.stx_mnt_id == place.mount) return true;
  if (place.device_major == 0) return !has_mount;
  return facts.stx_dev_major == place.device_major && facts.stx_dev_minor == place.device_minor;
}

}  // namespace

Result<Handle> open_place(const MountPlace& place) {
  Handle fd(::open(place.path.c_str(), O_PATH | O_CLOEXEC));
  if (!fd) return system_failure(errno, "failed to open {}", place.path);
  if (!leads_to(fd, place)) fd.reset();
  return fd;
}

}  // namespace bellhop::platform
