// SPDX-License-Identifier: Apache-2.0
#include "state/freeze/auto_thaw_notice.h"

#include <filesystem>
#include <system_error>
#include <utility>

#include "base/path.h"
#include "platform/io/small_file.h"

namespace bellhop::state {

AutoThawNotice::AutoThawNotice(const std::string& directory)
    : path_(fmt::format("{}/{}", directory, platform::freeze_notice_name)) {
  load();
}

bool AutoThawNotice::load() {
  if (notice()) return true;
  const auto content = platform::read_state_file(path_);
  if (!content || !*content) return false;
  auto read = platform::parse_freeze_notice(**content);
  if (!read) return false;
  set(*std::move(read));
  return true;
}

void AutoThawNotice::set(platform::FreezeNotice notice) {
  const MutexLock lock(mutex_);
  if (!notice_) notice_ = std::move(notice);
}

std::optional<platform::FreezeNotice> AutoThawNotice::notice() const {
  const MutexLock lock(mutex_);
  return notice_;
}

Result<void> AutoThawNotice::persist() const {
  const auto now = notice();
  if (now) TRY(platform::replace_small_file(path_, platform::format_freeze_notice(*now)));
  if (!notice()) remove();
  return {};
}

std::optional<std::string> AutoThawNotice::consume() {
  load();
  std::optional<platform::FreezeNotice> taken;
  {
    const MutexLock lock(mutex_);
    taken.swap(notice_);
  }
  if (!taken) return std::nullopt;
  remove();
  return std::move(taken->text);
}

void AutoThawNotice::remove() const {
  std::error_code ignored;
  std::filesystem::remove(path_from_utf8(path_), ignored);
}

}  // namespace bellhop::state
