// SPDX-License-Identifier: Apache-2.0
// The error that the next thaw returns after an auto-thaw.
#pragma once

#include <optional>
#include <string>

#include "base/error.h"
#include "base/mutex.h"
#include "platform/storage/freeze_guard.h"

namespace bellhop::state {

// One line of text. It persists until consume(), across restarts of the agent. The guard of the
// freeze writes its file; so does persist(). Thread-safe.
class AutoThawNotice {
 public:
  // Reads the notice from its file in the state directory, if there is one.
  explicit AutoThawNotice(const std::string& directory);

  // Sets the notice unless there is one. Does not write to a disk.
  void set(platform::FreezeNotice notice);
  std::optional<platform::FreezeNotice> notice() const;

  // Reads the file again if there is no notice: the guard may have written it meanwhile. Whether
  // there is one now.
  bool load();

  // Writes the notice to the file, unless it was consumed in the meantime.
  Result<void> persist() const;

  // Removes the notice, also the file, and returns its text. Reads the file if there is no notice.
  std::optional<std::string> consume();

 private:
  void remove() const;

  const std::string path_;
  mutable Mutex mutex_;
  std::optional<platform::FreezeNotice> notice_ GUARDED_BY(mutex_);
};

}  // namespace bellhop::state
