// SPDX-License-Identifier: Apache-2.0
#include <sys/statvfs.h>

#include "platform/storage/filesystem_size.h"
#include "platform/storage/open_place_linux.h"

namespace bellhop::platform {

std::optional<FilesystemSize> filesystem_size(const MountPlace& place) {
  const auto opened = open_place(place);
  if (!opened || !*opened) return std::nullopt;
  struct statvfs counts{};
  if (::fstatvfs(opened->get(), &counts) != 0) return std::nullopt;
  const std::uint64_t block = counts.f_frsize;
  const std::uint64_t used = (counts.f_blocks - counts.f_bfree) * block;
  return FilesystemSize{.used_bytes = used,
                        .total_bytes = used + counts.f_bavail * block,
                        .total_bytes_privileged = counts.f_blocks * block};
}

}  // namespace bellhop::platform
