// Reading and writing whole blocks with system calls that may be interrupted or do only a part.
#pragma once

#include <sys/types.h>

#include <cerrno>
#include <cstddef>
#include <expected>
#include <string>
#include <string_view>

namespace bellhop::platform {

// Repeats a system call while a signal interrupts it. Returns its result; errno is its own.
template <class Call>
auto retry_on_eintr(const Call& call) {
  auto result = call();
  while (result < 0 && errno == EINTR) result = call();
  return result;
}

// Reads until `size` bytes are there or the file ends, and returns how many they are; -1 with errno
// on an error. Makes only system calls: safe after fork().
ssize_t read_full(int fd, void* bytes, std::size_t size);

// Reads until `limit` bytes are there or the file ends. The error is an errno value.
std::expected<std::string, int> read_up_to(int fd, std::size_t limit);

// Writes all bytes. Returns 0 or an errno value. Makes only system calls: safe after fork().
int write_all(int fd, std::string_view bytes);

}  // namespace bellhop::platform
