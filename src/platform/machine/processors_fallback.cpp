// SPDX-License-Identifier: Apache-2.0
#include "platform/machine/processors.h"
#include "platform/unsupported.h"

namespace bellhop::platform {

Result<std::vector<Processor>> processors(const std::filesystem::path&) {
  return unsupported();
}

Result<void> set_processor_online(const std::filesystem::path&, std::int64_t, bool) {
  return unsupported();
}

}  // namespace bellhop::platform
