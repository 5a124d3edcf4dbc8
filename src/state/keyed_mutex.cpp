#include "state/keyed_mutex.h"

namespace bellhop::state {

Result<void> KeyedMutex::run(const std::string& path, const std::function<Result<void>()>& change) {
  {
    std::unique_lock lock(mutex_);
    if (!ended_.wait_for(lock, timeout_, [&] { return !running_.contains(path); })) {
      return failure("failed to write to '{}': an earlier change of it has not ended", path);
    }
    running_.insert(path);
  }
  auto result = change();
  {
    const std::lock_guard lock(mutex_);
    running_.erase(path);
  }
  ended_.notify_all();
  return result;
}

}  // namespace bellhop::state
