// SPDX-License-Identifier: Apache-2.0
// How full a filesystem is.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <system_error>

namespace bellhop::platform {

// In bytes.
struct FilesystemSize {
  std::uint64_t used_bytes = 0;
  std::uint64_t total_bytes = 0;             // for unprivileged users
  std::uint64_t total_bytes_privileged = 0;  // with the space that is reserved for privileged users
};

// The size of the filesystem at a path; nothing when the system does not report it. May block
// indefinitely if the path is on, or below, a filesystem of a server or program that does not
// answer.
inline std::optional<FilesystemSize> filesystem_size(const std::filesystem::path& path) {
  std::error_code error;
  const std::filesystem::space_info space = std::filesystem::space(path, error);
  if (error) return std::nullopt;
  const std::uint64_t used = space.capacity - space.free;
  return FilesystemSize{.used_bytes = used,
                        .total_bytes = used + space.available,
                        .total_bytes_privileged = space.capacity};
}

}  // namespace bellhop::platform
