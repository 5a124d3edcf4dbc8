// SPDX-License-Identifier: Apache-2.0
#include "state/freeze/auto_thaw_notice.h"

#include <fstream>
#include <system_error>
#include <utility>

namespace bellhop::state {

AutoThawNotice::AutoThawNotice(std::filesystem::path file) : file_(std::move(file)) {
  std::ifstream stream(file_);
  if (std::string line; std::getline(stream, line)) text_ = std::move(line);
}

void AutoThawNotice::set(std::string text) {
  const MutexLock lock(mutex_);
  if (!text_) text_ = std::move(text);
}

std::optional<std::string> AutoThawNotice::text() const {
  const MutexLock lock(mutex_);
  return text_;
}

std::optional<std::string> AutoThawNotice::persist() const {
  auto now = text();
  if (now) std::ofstream(file_) << *now << '\n';
  std::error_code ignored;
  if (!text()) std::filesystem::remove(file_, ignored);
  return now;
}

std::optional<std::string> AutoThawNotice::consume() {
  std::optional<std::string> taken;
  {
    const MutexLock lock(mutex_);
    taken.swap(text_);
  }
  std::error_code ignored;
  if (taken) std::filesystem::remove(file_, ignored);
  return taken;
}

}  // namespace bellhop::state
