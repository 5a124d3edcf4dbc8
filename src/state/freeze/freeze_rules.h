// SPDX-License-Identifier: Apache-2.0
// The administrator's rules: which filesystems a freeze leaves out.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "platform/storage/local_filesystems.h"

namespace bellhop::state {

struct FreezeRules {
  // Shell patterns. A filesystem is left out if one of them matches its type, one of its
  // mountpoints, or one of its devices.
  std::vector<std::string> skip_types = {};
  std::vector<std::string> skip_mountpoints = {};
  std::vector<std::string> skip_devices = {};

  // What is not reachable: skipped, or an error.
  bool skip_hidden = true;     // by other filesystems, or only a file or socket of it is mounted
  bool skip_unopened = false;  // failed to open, for example with an I/O error
};

// Why a filesystem is left out.
struct Exclusion {
  std::string why;  // "skip-types of [freeze] has 'vfat'"
  // False if it is due to a mountpoint that is not LocalFilesystem::mountpoint: a pattern may match
  // a directory of another filesystem that was bound there.
  bool is_plain = true;
};

// nullopt if no pattern matches.
std::optional<Exclusion> excluded_by(const FreezeRules& rules,
                                     const platform::LocalFilesystem& filesystem);

}  // namespace bellhop::state
