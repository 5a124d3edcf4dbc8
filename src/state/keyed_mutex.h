// Changes of authorized_keys files that several clients ask for at the same moment.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <unordered_set>

#include "base/error.h"
#include "base/mutex.h"

namespace bellhop::state {

// Lets one change at a time at each file: what is added between another's reading and replacing
// would be lost. Changes of other programs are noticed by the file's version (authorized_keys.h).
// Any thread may call. The lock is not held while a file is worked on, so that one in a home that
// does not answer holds up nobody else's.
class KeyedMutex {
 public:
  // A change is given up when those before it take longer than `timeout`.
  explicit KeyedMutex(std::chrono::milliseconds timeout = std::chrono::minutes(1))
      : timeout_(timeout) {}

  // Runs `change` when no other change at the file of that path is running.
  // Errors: those of `change`; `failed to write to 'PATH': an earlier change of it has not ended`.
  Result<void> run(const std::string& path, const std::function<Result<void>()>& change);

 private:
  std::chrono::milliseconds timeout_;
  Mutex mutex_;
  ConditionVariable ended_;
  std::unordered_set<std::string> running_ GUARDED_BY(mutex_);  // paths
};

}  // namespace bellhop::state
