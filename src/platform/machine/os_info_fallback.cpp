// SPDX-License-Identifier: Apache-2.0
#include "platform/machine/os_info.h"
#include "platform/unsupported.h"

namespace bellhop::platform {

Result<OsInfo> os_info(const std::optional<std::string>&) {
  return unsupported();
}

OsInfo parse_os_release(std::string_view) {
  return {};
}

}  // namespace bellhop::platform
