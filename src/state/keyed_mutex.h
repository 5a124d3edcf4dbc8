// SPDX-License-Identifier: Apache-2.0
// Serialises changes of authorized_keys files.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <unordered_set>

#include "base/error.h"
#include "base/mutex.h"

namespace bellhop::state {

// Runs one change per file at a time: a key added between another change's read and its replace
// would be lost. The version of the file reveals changes by other programs (authorized_keys.h).
// Thread-safe. No lock is held while a change runs, so that a home directory that does not answer
// delays only its own file.
class KeyedMutex {
 public:
  // A change fails if earlier changes of the file take longer than `timeout`.
  explicit KeyedMutex(std::chrono::milliseconds timeout = std::chrono::minutes(1))
      : timeout_(timeout) {}

  // Runs `change` when no other change of the file at that path runs.
  // Errors: those of `change`; `failed to write to 'PATH': an earlier change of it has not ended`.
  Result<void> run(const std::string& path, const std::function<Result<void>()>& change);

 private:
  std::chrono::milliseconds timeout_;
  Mutex mutex_;
  ConditionVariable ended_;
  std::unordered_set<std::string> running_ GUARDED_BY(mutex_);  // paths
};

}  // namespace bellhop::state
