// SPDX-License-Identifier: Apache-2.0
#include "platform/storage/disks.h"
#include "platform/unsupported.h"

namespace bellhop::platform {

Result<std::vector<Disk>> disks(const std::filesystem::path&) {
  return unsupported();
}

}  // namespace bellhop::platform
