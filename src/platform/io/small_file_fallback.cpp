// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <system_error>

#include "base/path.h"
#include "platform/io/small_file.h"

namespace bellhop::platform {
namespace {

constexpr std::size_t size_limit = std::size_t{64} * 1024;

}  // namespace

Result<std::string> read_file(const std::string& path, std::size_t limit) {
  const std::filesystem::path native_path = path_from_utf8(path);
  std::error_code error;
  static_cast<void>(std::filesystem::status(native_path, error));  // `error` says it all
  if (error) return system_failure(error, "cannot read {}", path);
  std::ifstream file(native_path, std::ios::binary);
  std::string content;
  char piece[4096];
  while (content.size() < limit) {
    const std::size_t wanted = std::min(limit - content.size(), sizeof piece);
    file.read(piece, static_cast<std::streamsize>(wanted));
    content.append(piece, static_cast<std::size_t>(file.gcount()));
    if (!file) break;
  }
  if (!file.is_open() || file.bad()) return failure("cannot read {}", path);
  return content;
}

Result<std::optional<std::string>> read_small_file(const std::string& path) {
  std::error_code error;
  const auto status = std::filesystem::status(path_from_utf8(path), error);
  if (status.type() == std::filesystem::file_type::not_found) return std::nullopt;
  if (!error && !std::filesystem::is_regular_file(status)) {
    return failure("cannot read {}: it is not a regular file", path);
  }
  TRY_ASSIGN(auto content, read_file(path, size_limit + 1));
  if (content.size() > size_limit) return failure("cannot read {}: it is too large", path);
  return content;
}

Result<std::optional<std::string>> read_state_file(const std::string& path) {
  std::error_code error;
  if (std::filesystem::is_symlink(path_from_utf8(path), error)) {
    return failure("cannot read {}: it is a symbolic link", path);
  }
  return read_small_file(path);
}

// The standard library cannot wait until the content is on disk: after a power failure the file may
// have the old content.
Result<void> replace_small_file(const std::string& path, std::string_view content) {
  const std::filesystem::path native_path = path_from_utf8(path);
  const std::filesystem::path next = path_from_utf8(path + ".new");
  std::ofstream file(next, std::ios::binary | std::ios::trunc);
  file << content;
  file.close();
  if (!file) return failure("cannot write {}", path);
  std::error_code error;
  std::filesystem::rename(next, native_path, error);
  if (error) return system_failure(error, "cannot write {}", path);
  return {};
}

}  // namespace bellhop::platform
