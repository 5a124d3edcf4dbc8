// SPDX-License-Identifier: Apache-2.0
#include "state/freeze/thaw.h"

#include <fmt/format.h>

#include <utility>

namespace bellhop::state {

void Thaw::run(const std::function<void()>& on_thawed) {
  const bool frozen = frozen_.is_frozen();
  const bool others_last = frozen && frozen_.is_complete();
  std::vector<std::string> unreachable;
  {
    const MutexLock lock(mutex_);
    all_thawed_ = !frozen;
  }
  thaw_frozen();
  if (!others_last) unreachable = thaw_others(frozen);
  {
    const MutexLock lock(mutex_);
    all_thawed_ = !error_;
  }
  if (result()) {
    frozen_.end();
    on_thawed();
    for (const std::string& one : unreachable) {
      options_.warn(
          fmt::format("'{}' could not be reached for the thaw and may be frozen still", one));
    }
    // Not stopped at shutdown: the applications that the hook paused must resume.
    if (auto hooked = options_.hook("thaw", {}); !hooked) fail(std::move(hooked).error());
    if (others_last) thaw_others(false);
  }
  // The caller may have received its reply before the hook failed.
  if (const auto end = result(); !end) options_.warn(end.error().message);
}

void Thaw::thaw_frozen(const std::string& mountpoint) {
  for (const FrozenSet::Entry& one : frozen_.in_thaw_order()) {
    if (thaw_one(one.mountpoint, *one.filesystem, true)) frozen_.remove(one);
  }
  set_current(mountpoint);
}

// Tries to thaw all mounted filesystems. With `errors_count`, errors count, and the mountpoints
// that cannot be opened are returned; otherwise both are ignored.
std::vector<std::string> Thaw::thaw_others(bool errors_count) {
  std::vector<std::string> unreachable;
  auto all = filesystems_.list();
  if (!all) {
    fail(std::move(all).error());
    return unreachable;
  }
  for (const platform::LocalFilesystem& one : *all) {
    set_current(one.mountpoint);
    const auto filesystem = filesystems_.open(one);
    if (filesystem && *filesystem) {
      thaw_one(one.mountpoint, **filesystem, errors_count);
    } else if (errors_count) {
      unreachable.push_back(one.mountpoint);
    }
  }
  return unreachable;
}

bool Thaw::thaw_one(const std::string& mountpoint, platform::Filesystem& filesystem,
                    bool errors_count) {
  set_current(mountpoint);
  auto thawed = filesystem.thaw();
  if (!thawed) {
    if (errors_count) fail(std::move(thawed).error());
    return false;
  }
  const MutexLock lock(mutex_);
  count_ += *thawed ? 1 : 0;
  return true;
}

void Thaw::set_current(const std::string& mountpoint) {
  const MutexLock lock(mutex_);
  current_ = mountpoint;
}

void Thaw::fail(Error error) {
  const MutexLock lock(mutex_);
  if (!error_) error_ = std::move(error);
}

Result<std::int64_t> Thaw::result() const {
  const MutexLock lock(mutex_);
  if (error_) return std::unexpected(*error_);
  if (all_thawed_) return count_;
  if (current_.empty()) return failure("the thaw goes on: a hook has not ended; call again");
  return failure("the thaw goes on: '{}' does not answer; call again", current_);
}

}  // namespace bellhop::state
