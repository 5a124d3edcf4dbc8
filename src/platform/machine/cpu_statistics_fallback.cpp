// SPDX-License-Identifier: Apache-2.0
#include "platform/machine/cpu_statistics.h"
#include "platform/unsupported.h"

namespace bellhop::platform {

Result<std::vector<CpuStatistics>> cpu_statistics(const std::filesystem::path&) {
  return unsupported();
}

}  // namespace bellhop::platform
