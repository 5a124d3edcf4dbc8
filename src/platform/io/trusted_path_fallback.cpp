// SPDX-License-Identifier: Apache-2.0
#include <filesystem>
#include <system_error>

#include "base/path.h"
#include "platform/io/trusted_path.h"

namespace bellhop::platform {

Result<std::string> trusted_path(const std::string& path) {
  std::error_code error;
  const auto canonical = std::filesystem::canonical(path_from_utf8(path), error);
  if (error) return system_failure(error, "cannot reach '{}'", path);
  return to_utf8(canonical);
}

}  // namespace bellhop::platform
