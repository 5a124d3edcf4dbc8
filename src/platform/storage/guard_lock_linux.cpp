// SPDX-License-Identifier: Apache-2.0
#include "platform/storage/guard_lock_linux.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

namespace bellhop::platform {
namespace {

// One byte of the file for each lock.
struct flock lock_of(GuardLock lock, short type) {
  struct flock bytes{};
  bytes.l_type = type;
  bytes.l_whence = SEEK_SET;
  bytes.l_start = static_cast<off_t>(lock);
  bytes.l_len = 1;
  return bytes;
}

}  // namespace

bool take_guard_lock(NativeHandle file, GuardLock lock) {
  struct flock bytes = lock_of(lock, F_WRLCK);
  if (::fcntl(file, F_SETLK, &bytes) == 0) return true;
  if (errno != EBADF) return false;
  bytes.l_type = F_RDLCK;  // it is open only for reading
  return ::fcntl(file, F_SETLK, &bytes) == 0;
}

void release_guard_lock(NativeHandle file, GuardLock lock) {
  struct flock bytes = lock_of(lock, F_UNLCK);
  ::fcntl(file, F_SETLK, &bytes);
}

pid_t guard_lock_holder(NativeHandle file, GuardLock lock) {
  struct flock bytes = lock_of(lock, F_WRLCK);
  if (::fcntl(file, F_GETLK, &bytes) != 0 || bytes.l_type == F_UNLCK) return 0;
  return bytes.l_pid;
}

}  // namespace bellhop::platform
