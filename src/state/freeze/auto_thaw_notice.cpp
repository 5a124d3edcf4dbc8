#include "state/freeze/auto_thaw_notice.h"

#include <fstream>
#include <system_error>
#include <utility>

namespace bellhop::state {

AutoThawNotice::AutoThawNotice(std::filesystem::path file) : file_(std::move(file)) {
  if (file_.empty()) return;
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

void AutoThawNotice::persist() {
  const auto now = text();
  if (file_.empty() || !now) return;
  std::ofstream(file_) << *now << '\n';
  if (!text()) remove_file();
}

std::optional<std::string> AutoThawNotice::consume() {
  std::optional<std::string> taken;
  {
    const MutexLock lock(mutex_);
    taken.swap(text_);
  }
  if (taken) remove_file();
  return taken;
}

void AutoThawNotice::remove_file() const {
  std::error_code ignored;
  if (!file_.empty()) std::filesystem::remove(file_, ignored);
}

}  // namespace bellhop::state
