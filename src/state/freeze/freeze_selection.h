// SPDX-License-Identifier: Apache-2.0
// Which filesystems a freeze consists of.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "platform/storage/local_filesystems.h"
#include "state/freeze/freeze_rules.h"

namespace bellhop::state {

// Mountpoints that a client named; nullopt for all filesystems.
using MountpointNames = std::optional<std::span<const std::string_view>>;

// Why a filesystem is not frozen.
enum class SkipReason {
  read_only,        // nothing can be written to it
  excluded,         // by the administrator's rules
  hidden,           // other filesystems are mounted over all its mountpoints
  not_a_directory,  // only a file, a socket or the like of it is mounted
  unreachable,      // it cannot be opened
};

// A filesystem that the client asked to freeze.
struct SelectedFilesystem {
  std::string mountpoint;                                      // as LocalFilesystem::mountpoint
  std::shared_ptr<platform::Filesystem> filesystem = nullptr;  // held open; null if it is skipped
  // If it is skipped.
  std::optional<SkipReason> skipped = {};
  std::string why = {};      // follows "it is not frozen: "
  bool is_expected = false;  // the administrator and the client need no warning
};

// Fails if a name is not the mountpoint of a mounted filesystem, of any kind: a client would take
// its freeze for granted.
Result<void> check_mountpoints(platform::Filesystems& filesystems, const MountpointNames& names);

// Selects the local filesystems, or those with a mount at one of the names. The result is in
// freezing order. All of them are opened, so that an unreachable one is found before the first one
// is frozen. One that has been unmounted in the meantime is left out. `proceed_to` is called before
// each is opened, which may block; its error ends the selection.
//
// Fails if a filesystem cannot be reached, unless the rules say that it is skipped.
Result<std::vector<SelectedFilesystem>> select_filesystems(
    platform::Filesystems& filesystems, const FreezeRules& rules, const MountpointNames& names,
    const std::function<Result<void>(const std::string& mountpoint)>& proceed_to);

}  // namespace bellhop::state
