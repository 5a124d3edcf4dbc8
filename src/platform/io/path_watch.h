// Waiting for a file to appear, without looking again and again.
#pragma once

#include <string>

#include "base/error.h"
#include "platform/io/handle.h"

namespace bellhop::platform {

// Notices changes in the directories that lead to a path, which need not exist yet.
class PathWatch {
 public:
  static Result<PathWatch> create(std::string path);

  // Readable after a change that may have made the path appear.
  int descriptor() const { return fd_.get(); }

  // Forgets the changes so far and watches anew the directory nearest to the path that exists now.
  // Look for the path after this call, not before: what appears in between is then seen.
  Result<void> rearm();

 private:
  PathWatch(Handle fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}

  Handle fd_;
  std::string path_;
  int watch_ = -1;
};

}  // namespace bellhop::platform
