// SPDX-License-Identifier: Apache-2.0
// The pid file: contains the daemon's pid and ensures that only one daemon runs.
#pragma once

#include <string>
#include <utility>

#include "base/error.h"
#include "platform/io/handle.h"
#include "platform/process/process_id.h"

namespace bellhop::platform {

// A locked file that contains the pid of this process. The lock is the same as qemu-ga's (fcntl(2),
// F_SETLK on the whole file), so that the two agents exclude each other.
class PidFile {
 public:
  // Creates the file with mode 0600, or reuses an existing one that no process has locked. Errors:
  // `Could not create '/x': …`, `Cannot lock pid file '/x': …`.
  static Result<PidFile> create(std::string path);

  // The process that has the file at `path` locked. Errors: there is no such file, it cannot be
  // opened, no process has it locked.
  static Result<ProcessId> owner(const std::string& path);

  // Restores the file that an earlier program of this process created and locked.
  static PidFile restore(std::string path, Handle descriptor);

  NativeHandle descriptor() const { return fd_.get(); }
  const std::string& path() const { return path_; }

  PidFile(PidFile&&) noexcept = default;
  PidFile& operator=(PidFile&&) = delete;
  // Removes the file, unless the path now leads to another file or the caller is a forked child.
  ~PidFile();

 private:
  PidFile(std::string path, Handle fd, ProcessId owner)
      : path_(std::move(path)), fd_(std::move(fd)), owner_(owner) {}

  std::string path_;
  Handle fd_;
  ProcessId owner_;
};

}  // namespace bellhop::platform
