// SPDX-License-Identifier: Apache-2.0
// Waits for a file to appear, without polling.
#pragma once

#include <string>

#include "base/error.h"
#include "platform/io/handle.h"

namespace bellhop::platform {

// Notices changes in the directories that lead to a path. The path need not exist yet.
class PathWatch {
 public:
  static Result<PathWatch> create(std::string path);

  // Readable after a change that may have made the path appear.
  NativeHandle descriptor() const { return fd_.get(); }

  // Discards pending changes and watches the nearest directory on the path that exists now. Nothing
  // is watched before the first call. Check for the path after this call, not before: then a file
  // that appears in between is not missed.
  Result<void> rearm();

 private:
  PathWatch(Handle fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}

  Handle fd_;
  std::string path_;
  int watch_ = -1;
};

}  // namespace bellhop::platform
