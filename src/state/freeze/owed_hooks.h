// SPDX-License-Identifier: Apache-2.0
// Remembers that the freeze hooks have run and the thaw hooks have not.
#pragma once

#include <atomic>
#include <string>
#include <string_view>

#include "base/error.h"

namespace bellhop::state {

// A file in the state directory, so that the next agent runs the thaw hooks if this one dies. The
// applications of another boot of the system are owed nothing. Thread-safe.
class OwedHooks {
 public:
  static constexpr std::string_view file_name = "bellhop.thaw-hooks-owed";

  // Reads the file, if there is one. Writes nothing.
  explicit OwedHooks(const std::string& directory);

  bool owed() const { return owed_; }

  // Creates the file. Errors: `cannot write /x/…: …`, `cannot read /x/…: …` if something other than
  // a file is in its place.
  Result<void> owe();
  // Removes the file. An error is ignored: the hooks run once more.
  void forget();

 private:
  const std::string path_;
  std::atomic<bool> owed_ = false;
};

}  // namespace bellhop::state
