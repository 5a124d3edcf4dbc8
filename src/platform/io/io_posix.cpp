// SPDX-License-Identifier: Apache-2.0
#include "platform/io/io_posix.h"

#include <unistd.h>

#include <algorithm>

namespace bellhop::platform {

ssize_t read_full(int fd, void* bytes, std::size_t size) {
  std::size_t filled = 0;
  while (filled < size) {
    char* const room = static_cast<char*>(bytes) + filled;
    const ssize_t count = retry_on_eintr([&] { return ::read(fd, room, size - filled); });
    if (count < 0) return -1;
    if (count == 0) break;
    filled += static_cast<std::size_t>(count);
  }
  return static_cast<ssize_t>(filled);
}

std::expected<std::string, int> read_up_to(int fd, std::size_t limit) {
  std::string content;
  char piece[4096];
  while (content.size() < limit) {
    const std::size_t wanted = std::min(sizeof piece, limit - content.size());
    const ssize_t count = read_full(fd, piece, wanted);
    if (count < 0) return std::unexpected(errno);
    content.append(piece, static_cast<std::size_t>(count));
    if (static_cast<std::size_t>(count) < wanted) break;
  }
  return content;
}

int write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto count = retry_on_eintr([&] { return ::write(fd, bytes.data(), bytes.size()); });
    if (count < 0) return errno;
    if (count == 0) return EIO;
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return 0;
}

}  // namespace bellhop::platform
