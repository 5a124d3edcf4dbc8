#include "platform/machine/os_info.h"
#include "platform/unsupported.h"

namespace bellhop::platform {

Result<Kernel> kernel() {
  return unsupported();
}

OsRelease parse_os_release(std::string_view) {
  return {};
}

OsRelease os_release(const std::optional<std::string>&) {
  return {};
}

}  // namespace bellhop::platform
