// What the host must still be told about a freeze that ended by itself.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "base/mutex.h"

namespace bellhop::state {

// A line of text that lives until somebody takes it, also over the agent's end. May be used from
// any thread.
class AutoThawNotice {
 public:
  // Begins with what `file` has; without a name, nothing is kept in one.
  explicit AutoThawNotice(std::filesystem::path file);

  // Notes a text, unless there is one; writes nothing to a disk.
  void set(std::string text);
  std::optional<std::string> text() const;

  // Writes the text down, when it has not been taken meanwhile.
  void persist();

  // Forgets the text and returns it.
  std::optional<std::string> consume();

 private:
  void remove_file() const;

  const std::filesystem::path file_;
  mutable Mutex mutex_;
  std::optional<std::string> text_ GUARDED_BY(mutex_);
};

}  // namespace bellhop::state
