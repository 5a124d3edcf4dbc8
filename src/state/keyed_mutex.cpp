// SPDX-License-Identifier: Apache-2.0
#include "state/keyed_mutex.h"

namespace bellhop::state {

Result<void> KeyedMutex::run(const std::string& path, const std::function<Result<void>()>& change) {
  {
    const MutexLock lock(mutex_);
    const auto is_free = [&]() REQUIRES(mutex_) { return !running_.contains(path); };
    if (!ended_.wait_for(mutex_, timeout_, is_free)) {
      return failure("failed to write to '{}': an earlier change of it has not ended", path);
    }
    running_.insert(path);
  }
  auto result = change();
  {
    const MutexLock lock(mutex_);
    running_.erase(path);
  }
  ended_.notify_all();
  return result;
}

}  // namespace bellhop::state
