// SPDX-License-Identifier: Apache-2.0
// The error that the next thaw returns after an auto-thaw.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "base/mutex.h"

namespace bellhop::state {

// One line of text. It persists until consume(), across restarts of the agent. Thread-safe.
class AutoThawNotice {
 public:
  // Loads the notice from `file`, if the file exists. With an empty path, nothing is persisted.
  explicit AutoThawNotice(std::filesystem::path file);

  // Sets the text unless there is one. Does not write to a disk.
  void set(std::string text);
  std::optional<std::string> text() const;

  // Writes the text to the file, unless it was consumed in the meantime. Returns the text.
  std::optional<std::string> persist() const;

  // Removes the text, also from the file, and returns it.
  std::optional<std::string> consume();

 private:
  const std::filesystem::path file_;
  mutable Mutex mutex_;
  std::optional<std::string> text_ GUARDED_BY(mutex_);
};

}  // namespace bellhop::state
