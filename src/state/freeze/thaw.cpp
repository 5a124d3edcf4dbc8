// SPDX-License-Identifier: Apache-2.0
#include "state/freeze/thaw.h"

#include <fmt/format.h>

#include <utility>

namespace bellhop::state {

void Thaw::run(const std::function<void(const std::optional<EndedFreeze>& ended)>& on_thawed) {
  const bool frozen = frozen_.is_frozen();
  {
    const MutexLock lock(mutex_);
    all_thawed_ = !frozen;
  }
  frozen_.end_freezing(false);
  thaw_frozen();
  if (!frozen) thaw_others();
  {
    const MutexLock lock(mutex_);
    all_thawed_ = !error_;
  }
  if (result()) {
    on_thawed(frozen_.end(cause_.how, cause_.by));
    run_hook();
    if (frozen) thaw_others();
  }
  // The caller may have received its reply before the hook failed.
  if (const auto end = result(); !end) options_.warn(end.error().message);
}

// Not stopped at shutdown: the applications that the hook paused must resume.
void Thaw::run_hook() {
  set_current({});
  if (auto hooked = options_.hook("thaw", {}); !hooked) fail(std::move(hooked).error());
}

void Thaw::thaw_frozen(const std::string& mountpoint) {
  set_current({});
  auto thawed = frozen_.thaw();
  if (thawed) {
    const MutexLock lock(mutex_);
    count_ += *thawed;
  } else {
    fail(std::move(thawed).error());
  }
  set_current(mountpoint);
}

// Tries to thaw all mounted filesystems: other programs may have frozen them. Ignores errors.
void Thaw::thaw_others() {
  const auto all = filesystems_.list();
  if (!all) return fail(all.error());
  for (const platform::LocalFilesystem& one : *all) {
    set_current(one.mountpoint);
    const auto filesystem = filesystems_.open(one);
    if (!filesystem || !*filesystem) continue;
    const auto thawed = (*filesystem)->thaw();
    const MutexLock lock(mutex_);
    count_ += thawed.value_or(false) ? 1 : 0;
  }
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
  const std::string hangs = current_.empty() ? frozen_.thawing() : current_;
  if (hangs.empty()) return failure("the thaw goes on: a hook has not ended; call again");
  return failure("the thaw goes on: '{}' does not answer; call again", hangs);
}

}  // namespace bellhop::state
