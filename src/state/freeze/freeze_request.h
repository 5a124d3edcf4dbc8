// SPDX-License-Identifier: Apache-2.0
// What a client can ask of a freeze, and what it learns.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "state/freeze/ended_freezes.h"
#include "state/freeze/freeze_selection.h"

namespace bellhop::state {

// What happens to a freeze if a filesystem cannot be frozen.
enum class FreezePolicy {
  as_qemu_ga,   // it fails on an error; kinds that cannot be frozen are skipped
  best_effort,  // the filesystem is skipped
  strict,       // it fails
};

struct FreezeRequest {
  MountpointNames mountpoints = {};
  FreezePolicy policy = FreezePolicy::as_qemu_ga;
  std::optional<std::chrono::milliseconds> limit = {};  // default: the configured one
  bool owned = false;                                   // the freeze gets a token
};

// How a freeze ends.
struct FreezeTerms {
  std::chrono::milliseconds limit{0};  // 0: none
  std::string token = {};              // of the client that owns it; empty: none
};

struct FilesystemReport {
  std::string mountpoint;
  bool frozen = false;
  std::optional<std::string> reason = {};  // why it is not frozen
  std::int64_t milliseconds = 0;           // that its freeze took
};

struct FreezeReport {
  std::string token = {};                          // empty if the freeze has none
  std::chrono::milliseconds limit{0};              // 0: none
  std::vector<FilesystemReport> filesystems = {};  // in the order in which they freeze

  std::int64_t frozen() const {
    return std::ranges::count_if(filesystems, &FilesystemReport::frozen);
  }
};

struct ThawRequest {
  std::string by = {};                         // who asks, for messages
  std::optional<std::string_view> token = {};  // of the freeze that shall end
  bool force = false;                          // ends any freeze
};

// What is known about the freeze that is in force, and about the one of a token.
struct FreezeStatus {
  std::optional<std::chrono::system_clock::time_point> since = {};  // none: thawed
  std::optional<std::chrono::milliseconds> remaining = {};          // none: no limit
  bool owned = false;                                               // has a token
  bool is_owner = false;                                            // with this token
  std::optional<EndedFreeze> ended = {};                            // the freeze of the token
};

}  // namespace bellhop::state
