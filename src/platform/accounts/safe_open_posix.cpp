// SPDX-License-Identifier: Apache-2.0
#include "platform/accounts/safe_open_posix.h"

#include <fcntl.h>

#include <cerrno>
#include <climits>
#include <cstring>
#include <utility>

namespace bellhop::platform {
namespace {

// A directory that may be traversed need not be readable.
#if defined(O_PATH)
constexpr int enter = O_PATH;
#elif defined(O_SEARCH)
constexpr int enter = O_SEARCH;
#else
constexpr int enter = O_RDONLY;
#endif

Opened refused(OpenRefusal refusal) {
  return {.fd = {}, .refusal = refusal, .error = 0};
}

Opened failed(int error) {
  return {.fd = {}, .refusal = OpenRefusal::system, .error = error};
}

bool is_link(const Handle& directory, const char* name) {
  struct stat status;
  return ::fstatat(directory.get(), name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
         S_ISLNK(status.st_mode);
}

bool is_owner(uid_t owner, uid_t user) {
  return owner == user || owner == 0;
}

// Opens a directory. `follow` is 0, or O_NOFOLLOW to refuse a symbolic link.
Opened enter_directory(const Handle& parent, const char* name, int follow) {
  Handle fd(::openat(parent.get(), name, enter | O_DIRECTORY | O_CLOEXEC | follow));
  if (fd) return {.fd = std::move(fd)};
  const int error = errno;
  // The errno for a symbolic link differs between operating systems; the error text should name the
  // link.
  return follow != 0 && is_link(parent, name) ? refused(OpenRefusal::link) : failed(error);
}

// Whether only root can create entries in the directory.
bool is_roots(const Handle& directory) {
  struct stat status;
  return ::fstat(directory.get(), &status) == 0 && status.st_uid == 0 &&
         (status.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

Opened checked_directory(Handle fd, uid_t user) {
  struct stat status;
  if (::fstat(fd.get(), &status) != 0) return failed(errno);
  if (!is_owner(status.st_uid, user)) return refused(OpenRefusal::wrong_owner);
  return {.fd = std::move(fd)};
}

std::int64_t nanoseconds(const timespec& time) {
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

}  // namespace

Opened open_home(const char* path, uid_t user) {
  Handle directory(::open("/", enter | O_DIRECTORY | O_CLOEXEC));
  if (!directory) return failed(errno);
  for (const char* begin = path + std::strspn(path, "/"); *begin != '\0';) {
    const std::size_t length = std::strcspn(begin, "/");
    char name[NAME_MAX + 1] = {};
    if (length > NAME_MAX) return failed(ENAMETOOLONG);
    std::memcpy(name, begin, length);
    Opened next = enter_directory(directory, name, is_roots(directory) ? 0 : O_NOFOLLOW);
    if (!next.fd) return next;
    directory = std::move(next.fd);
    begin += length;
    begin += std::strspn(begin, "/");
  }
  return checked_directory(std::move(directory), user);
}

Opened open_directory(const Handle& home, const char* name, uid_t user) {
  Opened directory = enter_directory(home, name, O_NOFOLLOW);
  return directory.fd ? checked_directory(std::move(directory.fd), user) : std::move(directory);
}

Opened open_file(const Handle& directory, const char* name, uid_t user) {
  Handle fd(
      ::openat(directory.get(), name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  if (!fd) {
    const int error = errno;
    return is_link(directory, name) ? refused(OpenRefusal::link) : failed(error);
  }
  struct stat status;
  if (::fstat(fd.get(), &status) != 0) return failed(errno);
  if (S_ISDIR(status.st_mode)) return refused(OpenRefusal::directory);
  if (!S_ISREG(status.st_mode)) return refused(OpenRefusal::not_regular);
  if (!is_owner(status.st_uid, user)) return refused(OpenRefusal::wrong_owner);
  if (status.st_uid != user && status.st_nlink > 1) return refused(OpenRefusal::hard_link);
  return {.fd = std::move(fd)};
}

FileVersion version_of(const struct stat& status) {
  return {.exists = true,
          .device = static_cast<std::uint64_t>(status.st_dev),
          .inode = static_cast<std::uint64_t>(status.st_ino),
          .size = static_cast<std::uint64_t>(status.st_size),
          .modified = nanoseconds(status.st_mtim),
          .changed = nanoseconds(status.st_ctim)};
}

FileVersion version_at(const Handle& directory, const char* name) {
  struct stat status;
  if (::fstatat(directory.get(), name, &status, AT_SYMLINK_NOFOLLOW) != 0) return {};
  return version_of(status);
}

}  // namespace bellhop::platform
