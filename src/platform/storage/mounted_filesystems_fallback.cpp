#include "platform/storage/mounted_filesystems.h"
#include "platform/unsupported.h"

namespace bellhop::platform {

Result<std::vector<MountedFilesystem>> mounted_filesystems(const std::filesystem::path&) {
  return unsupported();
}

std::optional<FilesystemSize> filesystem_size(const std::filesystem::path&) {
  return std::nullopt;
}

}  // namespace bellhop::platform
