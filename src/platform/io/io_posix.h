// SPDX-License-Identifier: Apache-2.0
// Complete reads and writes, where a system call may be interrupted or transfer only a part.
#pragma once

#include <sys/types.h>

#include <cerrno>
#include <cstddef>
#include <expected>
#include <string>
#include <string_view>

namespace bellhop::platform {

// Retries a system call while it fails with EINTR. Returns its result and leaves its errno.
template <class Call>
auto retry_on_eintr(const Call& call) {
  auto result = call();
  while (result < 0 && errno == EINTR) result = call();
  return result;
}

// Reads `size` bytes, or fewer at the end of the file. Returns the number of bytes, or -1 with
// errno set. Makes only system calls: safe after fork().
ssize_t read_full(int fd, void* bytes, std::size_t size);

// Reads `limit` bytes, or fewer at the end of the file. The error is an errno value.
std::expected<std::string, int> read_up_to(int fd, std::size_t limit);

// Writes all bytes. Returns 0 or an errno value. Makes only system calls: safe after fork().
int write_all(int fd, std::string_view bytes);

}  // namespace bellhop::platform
