// SPDX-License-Identifier: Apache-2.0
// Pipes with owning, close-on-exec ends.
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "base/error.h"
#include "platform/io/handle.h"

namespace bellhop::platform {

struct Pipe {
  Handle read;
  Handle write;
};

// Moves a descriptor to a number above 2, so that dup2() to a child's standard streams cannot
// overwrite it. Needed when the agent runs with some of its own standard streams closed.
inline Result<Handle> dup_above_stdio(Handle descriptor) {
  if (descriptor.get() > 2) return descriptor;
  Handle moved(::fcntl(descriptor.get(), F_DUPFD_CLOEXEC, 3));
  if (!moved) return system_failure(errno, "cannot duplicate a file descriptor");
  return moved;
}

// Opens /dev/null for a child's standard stream, above 2.
inline Result<Handle> open_null(int mode) {
  Handle descriptor(::open("/dev/null", mode | O_CLOEXEC));
  if (!descriptor) return system_failure(errno, "cannot open '/dev/null'");
  return dup_above_stdio(std::move(descriptor));
}

// Creates a pipe; both ends are close-on-exec and above 2.
inline Result<Pipe> make_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return system_failure(errno, "cannot make a pipe");
  Handle raw_read(ends[0]);
  Handle raw_write(ends[1]);
  TRY_ASSIGN(auto read, dup_above_stdio(std::move(raw_read)));
  TRY_ASSIGN(auto write, dup_above_stdio(std::move(raw_write)));
  return Pipe{std::move(read), std::move(write)};
}

}  // namespace bellhop::platform
