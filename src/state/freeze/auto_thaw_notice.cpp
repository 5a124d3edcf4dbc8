// SPDX-License-Identifier: Apache-2.0
#include "state/freeze/auto_thaw_notice.h"

#include <filesystem>
#include <system_error>
#include <utility>

#include "base/path.h"
#include "base/text.h"
#include "platform/io/small_file.h"
#include "platform/storage/freeze_guard.h"

namespace bellhop::state {

AutoThawNotice::AutoThawNotice(const std::string& directory)
    : path_(fmt::format("{}/{}", directory, platform::freeze_notice_name)) {
  load();
}

bool AutoThawNotice::load() {
  if (text()) return true;
  const auto content = platform::read_state_file(path_);
  if (!content || !*content) return false;
  std::string_view rest = **content;
  const auto line = text::consume_line(rest);
  if (!line.empty()) set(std::string(line));
  return !line.empty();
}

void AutoThawNotice::set(std::string text) {
  const MutexLock lock(mutex_);
  if (!text_) text_ = std::move(text);
}

std::optional<std::string> AutoThawNotice::text() const {
  const MutexLock lock(mutex_);
  return text_;
}

Result<void> AutoThawNotice::persist() const {
  const auto now = text();
  if (now) TRY(platform::replace_small_file(path_, *now + "\n"));
  if (!text()) remove();
  return {};
}

std::optional<std::string> AutoThawNotice::consume() {
  load();
  std::optional<std::string> taken;
  {
    const MutexLock lock(mutex_);
    taken.swap(text_);
  }
  if (taken) remove();
  return taken;
}

void AutoThawNotice::remove() const {
  std::error_code ignored;
  std::filesystem::remove(path_from_utf8(path_), ignored);
}

}  // namespace bellhop::state
