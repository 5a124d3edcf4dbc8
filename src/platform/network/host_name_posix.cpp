#include <unistd.h>

#include <array>
#include <cerrno>

#include "platform/network/host_name.h"

namespace bellhop::platform {

Result<std::string> host_name() {
  // No operating system has names longer than 255 bytes (_POSIX_HOST_NAME_MAX). The last byte stays
  // 0.
  std::array<char, 257> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0) {
    return system_failure(errno, "cannot get hostname");
  }
  return std::string(name.data());
}

}  // namespace bellhop::platform
