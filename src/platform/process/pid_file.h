// The pid file: says which process the daemon is, and that there is one only.
#pragma once

#include <sys/types.h>

#include <string>

#include "base/error.h"
#include "platform/io/handle.h"

namespace bellhop::platform {

// A locked file with the number of this process. The lock is the one that qemu-ga takes (fcntl(2),
// F_SETLK on all of the file), so that the two exclude each other.
class PidFile {
 public:
  // Creates the file with mode 0600, or takes over one that nobody has locked.
  // Errors: `Could not create '/x': …`, `Cannot lock pid file '/x': …`.
  static Result<PidFile> create(std::string path);

  // The file that an earlier program of this process has created and locked.
  static PidFile restore(std::string path, Handle descriptor);

  int descriptor() const { return fd_.get(); }
  const std::string& path() const { return path_; }

  PidFile(PidFile&& other) noexcept;
  PidFile& operator=(PidFile&&) = delete;
  // Removes the file, unless another stands in its place, or this is another process.
  ~PidFile();

 private:
  PidFile(std::string path, Handle fd, pid_t owner);

  std::string path_;
  Handle fd_;
  pid_t owner_;
};

}  // namespace bellhop::platform
