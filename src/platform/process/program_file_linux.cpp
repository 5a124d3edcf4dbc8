// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>

#include "platform/process/program_file.h"

namespace bellhop::platform {
namespace {

std::int64_t nanoseconds(const timespec& time) {
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

}  // namespace

// O_PATH: a program may be executable without being readable, and a FIFO would block.
Result<ProgramFile> ProgramFile::open(std::string path) {
  Handle file(::open(path.c_str(), O_PATH | O_CLOEXEC));
  if (!file) return system_failure(errno, "cannot open '{}'", path);
  TRY_ASSIGN(const Stamp opened, stamp(file, path));
  return ProgramFile(std::move(path), std::move(file), opened);
}

Result<ProgramFile::Stamp> ProgramFile::stamp(const Handle& file, const std::string& path) {
  struct stat status{};
  if (::fstat(file.get(), &status) != 0) {
    return system_failure(errno, "cannot read the attributes of '{}'", path);
  }
  return Stamp{.size = status.st_size,
               .written = nanoseconds(status.st_mtim),
               .changed = nanoseconds(status.st_ctim),
               .links = static_cast<std::int64_t>(status.st_nlink)};
}

Result<void> ProgramFile::check_unchanged() const {
  TRY_ASSIGN(const Stamp now, stamp(file_, path_));
  // A process can set the time of the last write, but not the time of the last change. Installing
  // another file at the path removes a link, which is a change of this file, but not a write.
  const bool relinked = now.links != opened_.links;
  if (now.size == opened_.size && now.written == opened_.written &&
      (now.changed == opened_.changed || relinked)) {
    return {};
  }
  return failure(
      "'{}' was changed after it had been checked: request the upgrade again once it is installed",
      path_);
}

}  // namespace bellhop::platform
