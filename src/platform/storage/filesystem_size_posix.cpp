#include <sys/statvfs.h>

#include "platform/storage/filesystem_size.h"

namespace bellhop::platform {

std::optional<FilesystemSize> filesystem_size(const std::filesystem::path& path) {
  struct statvfs status{};
  if (::statvfs(path.c_str(), &status) != 0) return std::nullopt;
  const std::uint64_t block = status.f_frsize;
  const std::uint64_t used = status.f_blocks - status.f_bfree;
  return FilesystemSize{.used_bytes = used * block,
                        .total_bytes = (used + status.f_bavail) * block,
                        .total_bytes_privileged = status.f_blocks * block};
}

}  // namespace bellhop::platform
