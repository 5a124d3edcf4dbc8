// SPDX-License-Identifier: Apache-2.0
#include "platform/storage/mounted_filesystems.h"
#include "platform/unsupported.h"

namespace bellhop::platform {

Result<std::vector<MountedFilesystem>> mounted_filesystems(const std::filesystem::path&) {
  return unsupported();
}

}  // namespace bellhop::platform
