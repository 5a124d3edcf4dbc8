#include "platform/storage/filesystem_size.h"

namespace bellhop::platform {

std::optional<FilesystemSize> filesystem_size(const std::filesystem::path&) {
  return std::nullopt;
}

}  // namespace bellhop::platform
