// SPDX-License-Identifier: Apache-2.0
#include <filesystem>
#include <system_error>

#include "base/path.h"
#include "platform/storage/filesystem_size.h"

namespace bellhop::platform {

std::optional<FilesystemSize> filesystem_size(const MountPlace& place) {
  std::error_code error;
  const auto space = std::filesystem::space(path_from_utf8(place.path), error);
  if (error) return std::nullopt;
  const std::uint64_t used = space.capacity - space.free;
  return FilesystemSize{.used_bytes = used,
                        .total_bytes = used + space.available,
                        .total_bytes_privileged = space.capacity};
}

}  // namespace bellhop::platform
