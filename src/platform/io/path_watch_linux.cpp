// SPDX-License-Identifier: Apache-2.0
#include <sys/inotify.h>

#include <array>
#include <cerrno>
#include <filesystem>

#include "platform/io/path_watch.h"

namespace bellhop::platform {

Result<PathWatch> PathWatch::create(std::string path) {
  Handle fd(inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  if (!fd) return system_failure(errno, "cannot watch for '{}' to appear", path);
  return PathWatch(std::move(fd), std::move(path));
}

Result<void> PathWatch::rearm() {
  if (watch_ >= 0) inotify_rm_watch(fd_.get(), watch_);
  // Drained after the removal, which itself queues an event (IN_IGNORED).
  std::array<char, 4096> events;
  while (::read(fd_.get(), events.data(), events.size()) > 0) {
  }
  // IN_ATTRIB: udev creates the node first and sets its owner and mode a moment later.
  constexpr std::uint32_t changes =
      IN_CREATE | IN_MOVED_TO | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;
  std::filesystem::path directory = std::filesystem::path(path_).parent_path();
  for (;;) {
    watch_ = inotify_add_watch(fd_.get(), directory.empty() ? "." : directory.c_str(), changes);
    if (watch_ >= 0) return {};
    if (!directory.has_relative_path()) {
      return system_failure(errno, "cannot watch for '{}' to appear", path_);
    }
    directory = directory.parent_path();
  }
}

}  // namespace bellhop::platform
