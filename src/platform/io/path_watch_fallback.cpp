// SPDX-License-Identifier: Apache-2.0
#include "platform/io/path_watch.h"

namespace bellhop::platform {

Result<PathWatch> PathWatch::create(std::string path) {
  return failure("cannot watch for '{}' to appear: this system gives no notice of changes", path);
}

Result<void> PathWatch::rearm() {
  return {};
}

}  // namespace bellhop::platform
