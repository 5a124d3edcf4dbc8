// SPDX-License-Identifier: Apache-2.0
#include "platform/storage/disk_statistics.h"
#include "platform/unsupported.h"

namespace bellhop::platform {

Result<std::vector<DiskStatistics>> disk_statistics(const std::filesystem::path&) {
  return unsupported();
}

}  // namespace bellhop::platform
